import { PG_BOUNDS, REDIS_BOUNDS } from './bounds.ts';
import type { Access, ClientSpec, Driver } from './client.ts';
import { durableRedis, haRedis, heartbeatRedis, promotedRedis } from './ha-redis.ts';
import { haPool } from './ha-pool.ts';
import { ioredisDefaults, ioredisTuned } from './ioredis.ts';
import { nodeRedis } from './node-redis.ts';
import { postgresJs } from './postgres-js.ts';
import { stockPool } from './stock-pool.ts';

type Open = (access: Access, name: string) => Promise<Driver>;

interface Entry extends ClientSpec {
  readonly open: Open;
}

const PG_SAFE = ['upsert', 'read', 'transaction', 'append', 'transfer', 'audit', 'session', 'session-read'];
const REDIS_SAFE = ['set', 'once', 'append'];

const pgHa = (strategy: string, route: ClientSpec['route'], linkable = false): Entry => ({
  name: `pg-ha/${strategy}`,
  library: 'pg',
  ours: true,
  route,
  linkable,
  safe: PG_SAFE,
  bounds: PG_BOUNDS,
  open: haPool,
});

const redisHa = (way: string, open: Open, more: Partial<Entry> = {}): Entry => ({
  name: `redis-ha/${way}`,
  library: 'redis',
  ours: true,
  route: 'sentinels',
  linkable: true,
  safe: REDIS_SAFE,
  bounds: REDIS_BOUNDS,
  open,
  ...more,
});

const peer = (
  name: string,
  library: ClientSpec['library'],
  route: ClientSpec['route'],
  open: Open,
): Entry => ({
  name,
  library,
  ours: false,
  route,
  linkable: true,
  safe: [],
  open,
});

const ENTRIES: readonly Entry[] = [
  pgHa('patroni', 'members'),
  pgHa('hosts', 'members', true),
  pgHa('haproxy', 'haproxy', true),
  pgHa('managed', 'name'),
  peer('pg/haproxy', 'pg', 'haproxy', stockPool),
  peer('postgres.js/hosts', 'pg', 'members', postgresJs),
  redisHa('sentinel', haRedis),
  redisHa('promoted', promotedRedis, { route: 'members' }),
  redisHa('heartbeat', heartbeatRedis),
  // Nobody but the name tells of a planned failover while the old master still takes writes: it is looked at once a second.
  redisHa('managed', haRedis, { route: 'name', linkable: false, hearsMs: 1_000 }),
  redisHa('durable', durableRedis, { safe: [], keeps: true }),
  peer('ioredis/defaults', 'redis', 'sentinels', ioredisDefaults),
  peer('ioredis/tuned', 'redis', 'sentinels', ioredisTuned),
  peer('node-redis/sentinel', 'redis', 'sentinels', nodeRedis),
];

/** All clients, ours first. */
export const CLIENTS: readonly ClientSpec[] = ENTRIES;

export function openClient(name: string, access: Access): Promise<Driver> {
  const entry = ENTRIES.find((each) => each.name === name);
  if (!entry) throw new Error(`client '${name}': allowed are ${ENTRIES.map((each) => each.name).join(', ')}`);
  return entry.open(access, access.label ?? name);
}
