import { LabError } from './errors.ts';
import type { LabOptions } from './types.ts';

/** What a lab is made of, every option resolved. */
export interface Settings {
  network: 'auto' | 'namespaces' | 'loopback';
  postgres: false | PostgresSettings;
  haproxy: false | { interMs: number; fastinterMs: number; downinterMs: number; fall: number; rise: number };
  pgbouncer: boolean;
  managed: false | { flipDelayMs: number; ttlS: number };
  redis: false | { downAfterMs: number; failoverTimeoutMs: number; minReplicasToWrite: number };
}

export interface PostgresSettings {
  ttl: number;
  loopWait: number;
  retryTimeout: number;
  synchronousMode: boolean;
  fsync: boolean;
  maxConnections: number;
  restTls: boolean;
}

/** default, least and greatest value of every number, by its path. */
const NUMBERS = {
  'postgres.ttl': [20, 20, 600],
  'postgres.loopWait': [5, 1, 60],
  'postgres.retryTimeout': [5, 3, 60],
  'postgres.maxConnections': [100, 20, 1_000],
  'haproxy.interMs': [1_000, 50, 60_000],
  'haproxy.fastinterMs': [500, 50, 60_000],
  'haproxy.downinterMs': [500, 50, 60_000],
  'haproxy.fall': [2, 1, 20],
  'haproxy.rise': [1, 1, 20],
  'managed.flipDelayMs': [1_000, 0, 600_000],
  'managed.ttlS': [1, 0, 3_600],
  'redis.downAfterMs': [1_000, 100, 120_000],
  'redis.failoverTimeoutMs': [10_000, 1_000, 600_000],
  'redis.minReplicasToWrite': [0, 0, 2],
} as const;

const FLAGS = {
  'postgres.synchronousMode': true,
  'postgres.fsync': false,
  'postgres.restTls': false,
} as const;

const NETWORKS = ['auto', 'namespaces', 'loopback'] as const;
const TOP_LEVEL = ['id', 'network', 'postgres', 'haproxy', 'pgbouncer', 'managed', 'redis', 'onProgress'];
const ID = /^[a-z][a-z0-9-]{0,11}$/;

/** The id, checked; undefined where a free one is to be found. */
export function parseId(id: unknown): string | undefined {
  if (id === undefined) return undefined;
  if (typeof id === 'string' && ID.test(id)) return id;
  throw new LabError(
    `lab id ${JSON.stringify(id)}: allowed are 1 to 12 of a-z, 0-9 and '-', beginning with a letter`,
  );
}

/** Reads options once; what is wrong is named with its path, its value and what is allowed. */
export function parseOptions(options: LabOptions = {}): Settings {
  for (const key of Object.keys(options)) allow(`option '${key}'`, key, TOP_LEVEL);
  const network = options.network ?? 'auto';
  if (!NETWORKS.includes(network))
    throw new LabError(`network '${network}': allowed are ${NETWORKS.join(', ')}`);
  const postgres = section(options, 'postgres', true) && {
    ttl: number(options, 'postgres.ttl'),
    loopWait: number(options, 'postgres.loopWait'),
    retryTimeout: number(options, 'postgres.retryTimeout'),
    maxConnections: number(options, 'postgres.maxConnections'),
    synchronousMode: flag(options, 'postgres.synchronousMode'),
    fsync: flag(options, 'postgres.fsync'),
    restTls: flag(options, 'postgres.restTls'),
  };
  if (postgres) checkPatroniTiming(postgres);
  const haproxy = section(options, 'haproxy', postgres !== false) && {
    interMs: number(options, 'haproxy.interMs'),
    fastinterMs: number(options, 'haproxy.fastinterMs'),
    downinterMs: number(options, 'haproxy.downinterMs'),
    fall: number(options, 'haproxy.fall'),
    rise: number(options, 'haproxy.rise'),
  };
  const redis = section(options, 'redis', true) && {
    downAfterMs: number(options, 'redis.downAfterMs'),
    failoverTimeoutMs: number(options, 'redis.failoverTimeoutMs'),
    minReplicasToWrite: number(options, 'redis.minReplicasToWrite'),
  };
  if (!postgres && !redis) throw new LabError('postgres and redis are both false: at least one is needed');
  if (haproxy && !postgres) throw new LabError('haproxy needs postgres, which is false');
  const pgbouncer = options.pgbouncer ?? haproxy !== false;
  if (typeof pgbouncer !== 'boolean')
    throw new LabError(`pgbouncer ${JSON.stringify(pgbouncer)}: allowed are true, false`);
  if (pgbouncer && !haproxy)
    throw new LabError('pgbouncer stands behind haproxy: it needs postgres and haproxy');
  const managed = section(options, 'managed', true) && {
    flipDelayMs: number(options, 'managed.flipDelayMs'),
    ttlS: number(options, 'managed.ttlS'),
  };
  return { network, postgres, haproxy, pgbouncer, managed, redis };
}

function checkPatroniTiming({ ttl, loopWait, retryTimeout }: PostgresSettings): void {
  if (loopWait + 2 * retryTimeout <= ttl) return;
  throw new LabError(
    `postgres.ttl ${ttl}: loopWait ${loopWait} + 2 × retryTimeout ${retryTimeout} must not exceed it`,
  );
}

type Path = keyof typeof NUMBERS | keyof typeof FLAGS;
type Section = 'postgres' | 'haproxy' | 'managed' | 'redis';

/** Whether a section is wanted; its keys are checked. */
function section(options: LabOptions, name: Section, byDefault: boolean): boolean {
  const value: unknown = options[name];
  if (value === undefined) return byDefault;
  if (value === false) return false;
  if (typeof value !== 'object' || value === null) {
    throw new LabError(`${name} ${JSON.stringify(value)}: allowed are false or an object`);
  }
  const known = [...Object.keys(NUMBERS), ...Object.keys(FLAGS)].filter((path) =>
    path.startsWith(`${name}.`),
  );
  for (const key of Object.keys(value)) allow(`option '${name}.${key}'`, `${name}.${key}`, known);
  return true;
}

function given(options: LabOptions, path: Path): unknown {
  const [name, key] = path.split('.') as [Section, string];
  const value: unknown = options[name];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function number(options: LabOptions, path: keyof typeof NUMBERS): number {
  const [byDefault, least, greatest] = NUMBERS[path];
  const value = given(options, path) ?? byDefault;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= greatest)
    return value;
  throw new LabError(
    `${path} ${JSON.stringify(value)}: allowed is a whole number from ${least} to ${greatest}`,
  );
}

function flag(options: LabOptions, path: keyof typeof FLAGS): boolean {
  const value = given(options, path) ?? FLAGS[path];
  if (typeof value === 'boolean') return value;
  throw new LabError(`${path} ${JSON.stringify(value)}: allowed are true, false`);
}

function allow(what: string, key: string, allowed: readonly string[]): void {
  if (!allowed.includes(key)) throw new LabError(`${what} is unknown: allowed are ${allowed.join(', ')}`);
}
