import { Redis, type RedisOptions } from 'ioredis';
import type { Access, Driver } from './client.ts';
import { keysOf } from './keys.ts';

/** ioredis as it comes. */
export async function ioredisDefaults(access: Access, client: string): Promise<Driver> {
  return open(access, client, {});
}

/** ioredis with everything set that shortens its outage. */
export async function ioredisTuned(access: Access, client: string): Promise<Driver> {
  return open(access, client, {
    failoverDetector: true,
    disconnectTimeout: 100,
    socketTimeout: 2_000,
    maxRetriesPerRequest: null,
    sentinelCommandTimeout: 300,
    sentinelRetryStrategy: (attempt) => Math.min(50 * attempt, 250),
    retryStrategy: (attempt) => Math.min(50 * attempt, 250),
  });
}

type Tuning = Pick<
  RedisOptions,
  | 'failoverDetector'
  | 'disconnectTimeout'
  | 'sentinelCommandTimeout'
  | 'sentinelRetryStrategy'
  | 'retryStrategy'
  | 'socketTimeout'
  | 'maxRetriesPerRequest'
>;

async function open({ description }: Access, client: string, options: Tuning): Promise<Driver> {
  if (!description.redis) throw new Error('this lab has no Redis');
  const { sentinels, masterName, username, password, sentinelUsername, sentinelPassword } = description.redis;
  const redis = new Redis({
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name: masterName,
    username,
    password,
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    sentinelPassword,
    ...options,
  });
  redis.on('error', () => undefined);
  const keys = keysOf(client);
  return {
    work: {
      incr: { run: async () => void (await redis.incr(keys.counter)) },
      rpush: { run: async (id) => void (await redis.rpush(keys.list, id)) },
      set: { run: async (id) => void (await redis.set(keys.set + id, '1')) },
    },
    outcomeOf: (error) => ((error as Error).name === 'ReplyError' ? 'fail' : 'unknown'),
    close: async () => redis.disconnect(),
  };
}
