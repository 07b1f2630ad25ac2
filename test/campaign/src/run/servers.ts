import type { Lab } from '@steadfast/lab';
import { createProofTable } from '@steadfast/pg-ha';
import type { Redis } from 'ioredis';
import type { QueryResultRow } from 'pg';
import type { Found } from '../analysis/judge.ts';
import type { Library } from '../clients/client.ts';
import { keysOf } from '../clients/keys.ts';
import { OPENED } from '../clients/plans.ts';
import { OPEN_ACCOUNT, TABLES } from '../clients/sql.ts';
import { balancesOf, elementsOf, type BalanceRow } from '../clients/transactions.ts';
import { onMaster, onPrimary } from './direct.ts';

/** The servers behind the clients, asked directly, by stock drivers, at whoever is the primary now. */
export interface Servers {
  /** empties what an earlier run has left, and opens each client's accounts */
  prepare(clients: readonly string[]): Promise<void>;
  /** what is there of each client's work */
  read(clients: readonly string[]): Promise<Map<string, Found>>;
}

export function serversOf(lab: Lab, library: Library): Servers {
  return library === 'pg' ? postgresServers(lab) : redisServers(lab);
}

function postgresServers(lab: Lab): Servers {
  return {
    prepare: (clients) => onPrimary(lab, (client) => createTables(client, clients)),
    read: (clients) => onPrimary(lab, (client) => readTables(client, clients)),
  };
}

interface Queryable {
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/** The tables of the work, empty, with an account's money for each client. */
export async function createTables(client: Queryable, names: readonly string[]): Promise<void> {
  await client.query(TABLES);
  for (const name of names)
    for (const [account, balance] of Object.entries(OPENED))
      await client.query(OPEN_ACCOUNT, [name, account, balance]);
  await createProofTable(client);
}

export async function readTables(client: Queryable, names: readonly string[]): Promise<Map<string, Found>> {
  const plain = await client.query<{ client: string; kind: string; id: string }>(
    'SELECT client, kind, id FROM campaign',
  );
  const keyed = await client.query<{ client: string; id: string }>('SELECT client, id FROM campaign_keyed');
  const lists = await client.query<{ client: string; key: string; elements: string }>(
    'SELECT client, key, elements FROM campaign_list',
  );
  const bank = await client.query<BalanceRow & { client: string }>(
    'SELECT client, account, balance FROM campaign_bank',
  );
  return new Map(
    names.map((name) => {
      const ids = (kind: string): string[] =>
        plain.rows.filter((row) => row.client === name && row.kind === kind).map(({ id }) => id);
      const upsert = of(keyed.rows, name).map(({ id }) => id);
      return [
        name,
        {
          ids: { insert: ids('insert'), transaction: ids('transaction'), long: ids('long'), upsert },
          counters: {},
          lists: Object.fromEntries(
            of(lists.rows, name).map(({ key, elements }) => [key, elementsOf(elements)]),
          ),
          balances: balancesOf(of(bank.rows, name)),
        },
      ];
    }),
  );
}

function of<Row extends { client: string }>(rows: readonly Row[], name: string): Row[] {
  return rows.filter(({ client }) => client === name);
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

export async function readKeys(redis: Redis, client: string): Promise<Found> {
  const keys = keysOf(client);
  const lists: Record<string, string[]> = {};
  for (const name of await namesBehind(redis, keys.lists))
    lists[name] = await redis.lrange(keys.lists + name, 0, -1);
  return {
    ids: {
      rpush: await redis.lrange(keys.list, 0, -1),
      set: await namesBehind(redis, keys.set),
      once: await redis.lrange(keys.once, 0, -1),
    },
    counters: { incr: Number((await redis.get(keys.counter)) ?? 0) },
    lists,
  };
}

/** What follows a prefix in the names of keys. */
async function namesBehind(redis: Redis, prefix: string): Promise<string[]> {
  const names = new Set<string>(); // SCAN may give a key twice
  const pattern = `${prefix.replaceAll(/[{}]/g, '?')}*`;
  let cursor = '0';
  do {
    const [next, batch] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
    for (const key of batch) names.add(key.slice(prefix.length));
    cursor = next;
  } while (cursor !== '0');
  return [...names];
}
