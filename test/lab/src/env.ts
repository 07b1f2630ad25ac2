import { LabError } from './errors.ts';
import type { EnvChoice, LabDescription, PostgresDescription, RedisDescription } from './types.ts';

type PostgresStrategy = NonNullable<EnvChoice['postgres']>;
type RedisStrategy = NonNullable<EnvChoice['redis']>;
type Env = Record<string, string>;

/** The environment of an app under a strategy, exactly as an operator would set it. */
export function envFor(lab: LabDescription, choice: EnvChoice): Env {
  const env: Env = {};
  if (choice.postgres) {
    const write = POSTGRES[choice.postgres];
    if (!write) throw unknown('postgres', choice.postgres, POSTGRES);
    Object.assign(env, { PG_HA_STRATEGY: choice.postgres }, write(need(lab.postgres, lab, 'PostgreSQL')));
  }
  if (choice.redis) {
    const write = REDIS[choice.redis];
    if (!write) throw unknown('redis', choice.redis, REDIS);
    Object.assign(env, { REDIS_HA_STRATEGY: choice.redis }, write(need(lab.redis, lab, 'Redis')));
  }
  return env;
}

const POSTGRES: Record<PostgresStrategy, (pg: PostgresDescription) => Env> = {
  patroni: (pg) => ({
    PG_HA_PATRONI_URLS: pg.members.map(({ patroniUrl }) => patroniUrl).join(','),
    DATABASE_URL: databaseUrl(pg, first(pg.members)),
    ...(pg.patroniTls && {
      PG_HA_PATRONI_CA_FILE: pg.patroniTls.caFile,
      PG_HA_PATRONI_CERT_FILE: pg.patroniTls.certFile,
      PG_HA_PATRONI_KEY_FILE: pg.patroniTls.keyFile,
    }),
  }),
  haproxy: (pg) => {
    if (!pg.haproxy) throw new LabError("strategy 'haproxy': this lab has no HAProxy");
    const endpoint = { host: pg.haproxy.host, port: pg.haproxy.primaryPort };
    return { PG_HA_HOSTS: address(endpoint), DATABASE_URL: databaseUrl(pg, endpoint) };
  },
  single: (pg) => ({ DATABASE_URL: databaseUrl(pg, first(pg.members)) }),
  hosts: (pg) => ({
    PG_HA_HOSTS: pg.members.map(address).join(','),
    DATABASE_URL: databaseUrl(pg, first(pg.members)),
  }),
  managed: (pg) => {
    if (!pg.managed) throw new LabError("strategy 'managed': this lab has no managed stand-in");
    const { hostname, port, user = pg.user, password = pg.password } = pg.managed;
    const query = `?sslmode=verify-full&sslrootcert=${encodeURIComponent(pg.tls.caFile)}`;
    return { DATABASE_URL: `${databaseUrl({ ...pg, user, password }, { host: hostname, port })}${query}` };
  },
};

const REDIS: Record<RedisStrategy, (redis: RedisDescription) => Env> = {
  sentinel: (redis) => ({
    REDIS_URL: redisUrl('redis', redis, first(redis.members)),
    REDIS_SENTINELS: redis.sentinels.map(address).join(','),
    REDIS_SENTINEL_MASTER_NAME: redis.masterName,
    ...(redis.sentinelUsername && { REDIS_SENTINEL_USERNAME: redis.sentinelUsername }),
    REDIS_SENTINEL_PASSWORD: redis.sentinelPassword,
  }),
  single: (redis) => ({ REDIS_URL: redisUrl('redis', redis, first(redis.members)) }),
  managed: (redis) => {
    if (!redis.managed) throw new LabError("strategy 'managed': this lab has no managed stand-in");
    const { hostname, port, caFile } = redis.managed;
    return { REDIS_URL: redisUrl('rediss', redis, { host: hostname, port }), REDIS_HA_CA_FILE: caFile };
  },
};

/** The strategies there are, for the command line. */
export const POSTGRES_STRATEGIES = Object.keys(POSTGRES) as PostgresStrategy[];
export const REDIS_STRATEGIES = Object.keys(REDIS) as RedisStrategy[];

interface Address {
  host: string;
  port: number;
}

function address({ host, port }: Address): string {
  return `${host}:${port}`;
}

function databaseUrl(pg: Pick<PostgresDescription, 'user' | 'password' | 'database'>, at: Address): string {
  return `postgres://${pg.user}:${pg.password}@${address(at)}/${pg.database}`;
}

function redisUrl(scheme: string, redis: RedisDescription, at: Address): string {
  return `${scheme}://${redis.username}:${redis.password}@${address(at)}/0`;
}

function first(members: Address[]): Address {
  const [member] = members;
  if (!member) throw new LabError('the lab has no members');
  return member;
}

function need<T>(part: T | undefined, lab: LabDescription, what: string): T {
  if (part === undefined) throw new LabError(`lab '${lab.id}' has no ${what}`);
  return part;
}

function unknown(what: string, value: string, allowed: object): LabError {
  return new LabError(`${what} strategy '${value}': allowed are ${Object.keys(allowed).join(', ')}`);
}
