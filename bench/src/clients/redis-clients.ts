import { readFileSync } from 'node:fs';
import { HaRedis, outcomeOf } from '@steadfast/redis-ha';
import { Redis, type RedisOptions } from 'ioredis';
import type { RedisClient } from '../workloads/workload.ts';
import type { Opened, RedisKind } from './bench-client.ts';

export const redisHa: RedisKind = {
  name: 'redis-ha',
  library: 'redis',
  ours: true,
  open: (env) => opened(new HaRedis({ env })),
  judge: (error) => {
    const outcome = outcomeOf(error);
    return outcome === 'notSent' || outcome === 'rejected' ? outcome : 'unknown';
  },
};

export const ioredis: RedisKind = {
  name: 'ioredis',
  library: 'redis',
  ours: false,
  open: (env) => {
    const redis = new Redis(stockOptions(env));
    redis.on('error', () => undefined);
    return opened(redis);
  },
  judge: (error) => ((error as Error).name === 'ReplyError' ? 'rejected' : 'unknown'),
};

type StockOptions = Pick<
  RedisOptions,
  | 'username'
  | 'password'
  | 'db'
  | 'tls'
  | 'host'
  | 'port'
  | 'sentinels'
  | 'name'
  | 'sentinelUsername'
  | 'sentinelPassword'
  | 'sentinelTLS'
  | 'enableTLSForSentinelMode'
>;

/** The same settings in ioredis's own words, what ours falls back to included. */
export function stockOptions(env: Readonly<Record<string, string>>): StockOptions {
  const { hostname, port, protocol, username, password, pathname } = new URL(
    env['REDIS_URL'] ?? 'redis://localhost',
  );
  const caFile = env['REDIS_HA_CA_FILE'];
  const tls = /^(rediss|valkeys):$/.test(protocol)
    ? {
        ...(caFile && { ca: readFileSync(caFile, 'utf8') }),
        ...(env['REDIS_OPENSSL_VERIFY_MODE'] === 'none' && { rejectUnauthorized: false }),
      }
    : undefined;
  const sentinels = env['REDIS_SENTINELS']?.split(',').map((each) => {
    const [host = '', sentinelPort = '26379'] = each.split(':');
    return { host, port: Number(sentinelPort) };
  });
  const dataPassword = decodeURIComponent(password);
  // Set and empty it is a value: none.
  const sentinelPassword = env['REDIS_SENTINEL_PASSWORD'] ?? dataPassword;
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(dataPassword && { password: dataPassword }),
    db: Number(pathname.slice(1) || 0),
    ...(tls && { tls }),
    ...(sentinels
      ? {
          sentinels,
          name: env['REDIS_SENTINEL_MASTER_NAME'] ?? 'mymaster',
          ...(env['REDIS_SENTINEL_USERNAME'] && { sentinelUsername: env['REDIS_SENTINEL_USERNAME'] }),
          ...(sentinelPassword && { sentinelPassword }),
          ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
        }
      : { host: hostname, port: Number(port || 6379) }),
  };
}

function opened(redis: Redis): Opened<RedisClient> {
  return {
    client: {
      command: (name, ...args) => redis.call(name, ...args),
      pipeline: async (commands) => {
        const answers = (await redis.pipeline(commands.map((command) => [...command])).exec()) ?? [];
        return answers.map(([error, answer]) => {
          if (error) throw error;
          return answer;
        });
      },
    },
    ready: () => redis.ping(),
    close: async () => redis.disconnect(),
  };
}
