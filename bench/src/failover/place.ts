import { createTables, readKeys, readTables, type Found } from '@steadfast/campaign';
import { HaPool } from '@steadfast/pg-ha';
import { HaRedis } from '@steadfast/redis-ha';
import { withClient } from '../clients/bench-client.ts';
import { redisHa } from '../clients/redis-clients.ts';
import { UsageError } from '../commands/command.ts';
import { removeKeys } from '../run/remove-keys.ts';
import type { Target } from '../targets/target.ts';

/** Where the work of an own failover goes, and how it is read back. */
export interface Place {
  readonly env: Record<string, string>;
  readonly label: string;
  /** what it makes, in words */
  readonly what: string;
  readonly prepare: () => Promise<unknown>;
  readonly read: () => Promise<Found>;
  readonly remove: () => Promise<unknown>;
}

/** @throws UsageError */
export function placeOf(target: Target, data: string): Place {
  return target.library === 'pg' ? sqlPlace(target, data) : redisPlace(target, data);
}

/** The campaign's tables in a schema of the run's own, which the sessions find by their search path. */
function sqlPlace({ name, env }: Target, data: string): Place {
  const schema = `${data}_failover`;
  const url = env['DATABASE_URL'] ?? '';
  const options = `options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  const there = { ...env, DATABASE_URL: `${url}${url.includes('?') ? '&' : '?'}${options}` };
  const refused = refusalOf(there);
  if (url === '' || refused !== undefined)
    throw new UsageError(
      `target '${name}' is to fail over; allowed: where a URL names the servers and no pooler stands before them`,
      { cause: refused },
    );
  const on = async <T>(
    where: Readonly<Record<string, string>>,
    use: (pool: HaPool) => Promise<T>,
  ): Promise<T> => {
    const pool = new HaPool({ env: where, poolMax: 1 });
    return use(pool).finally(() => void pool.end());
  };
  return {
    env: there,
    label: name,
    what: `schema ${schema}`,
    prepare: async () => {
      await on(env, (pool) => pool.query(`CREATE SCHEMA ${schema}`));
      await on(there, (pool) => createTables(pool, [name]));
    },
    read: async () =>
      (await on(there, (pool) => readTables(pool, [name]))).get(name) ?? { ids: {}, counters: {} },
    remove: () => on(env, (pool) => pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)),
  };
}

/** The client itself knows whether it stands behind a pooler: there it refuses what is set on a session. */
function refusalOf(env: Readonly<Record<string, string>>): unknown {
  try {
    void new HaPool({ env }).end();
    return undefined;
  } catch (error) {
    return error;
  }
}

function redisPlace({ env }: Target, data: string): Place {
  const label = `${data}:failover`;
  const marked = `*${label}*`; // proofs of `once` too
  return {
    env: { ...env },
    label,
    what: `keys ${marked}`,
    prepare: () => Promise.resolve(),
    read: async () => {
      const redis = new HaRedis({ env });
      return readKeys(redis, label).finally(() => redis.disconnect());
    },
    remove: () => withClient(redisHa.open(env, 1), (client) => removeKeys(client, marked)),
  };
}
