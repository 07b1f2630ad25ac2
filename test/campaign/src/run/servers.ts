import type { Lab } from '@steadfast/lab';
import { createProofTable } from '@steadfast/pg-ha';
import type { Redis } from 'ioredis';
import type { Found } from '../analysis/judge.ts';
import type { Library } from '../clients/client.ts';
import { keysOf } from '../clients/keys.ts';
import { TABLES } from '../clients/sql.ts';
import { onMaster, onPrimary } from './direct.ts';

/** The servers behind the clients, asked directly, by stock drivers, at whoever is the primary now. */
export interface Servers {
  /** empties what an earlier run has left */
  prepare(): Promise<void>;
  /** what is there of each client's work */
  read(clients: readonly string[]): Promise<Map<string, Found>>;
}

export function serversOf(lab: Lab, library: Library): Servers {
  return library === 'pg' ? postgresServers(lab) : redisServers(lab);
}

function postgresServers(lab: Lab): Servers {
  return {
    prepare: () =>
      onPrimary(lab, async (client) => {
        await client.query(TABLES);
        await createProofTable(client);
      }),
    read: (clients) =>
      onPrimary(lab, async (client) => {
        const plain = await client.query<{ client: string; kind: string; id: string }>(
          'SELECT client, kind, id FROM campaign',
        );
        const keyed = await client.query<{ client: string; id: string }>(
          'SELECT client, id FROM campaign_keyed',
        );
        return new Map(
          clients.map((name) => {
            const ids = (kind: string): string[] =>
              plain.rows.filter((row) => row.client === name && row.kind === kind).map(({ id }) => id);
            const upsert = keyed.rows.filter((row) => row.client === name).map(({ id }) => id);
            return [
              name,
              {
                ids: {
                  insert: ids('insert'),
                  transaction: ids('transaction'),
                  long: ids('long'),
                  upsert,
                },
                counters: {},
              },
            ];
          }),
        );
      }),
  };
}

function redisServers(lab: Lab): Servers {
  return {
    prepare: () => onMaster(lab, async (redis) => void (await redis.flushall())),
    read: (clients) =>
      onMaster(lab, async (redis) => {
        const found = new Map<string, Found>();
        for (const name of clients) found.set(name, await readKeys(redis, name));
        return found;
      }),
  };
}

async function readKeys(redis: Redis, client: string): Promise<Found> {
  const keys = keysOf(client);
  const set: string[] = [];
  let cursor = '0';
  do {
    const [next, batch] = await redis.scan(
      cursor,
      'MATCH',
      `${keys.set.replaceAll(/[{}]/g, '?')}*`,
      'COUNT',
      1_000,
    );
    set.push(...batch.map((key) => key.slice(keys.set.length)));
    cursor = next;
  } while (cursor !== '0');
  return {
    ids: {
      rpush: await redis.lrange(keys.list, 0, -1),
      set: [...new Set(set)], // SCAN may give a key twice
      once: await redis.lrange(keys.once, 0, -1),
    },
    counters: { incr: Number((await redis.get(keys.counter)) ?? 0) },
  };
}
