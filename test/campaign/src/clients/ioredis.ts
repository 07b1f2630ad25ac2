import { Redis, type RedisOptions } from 'ioredis';
import type { Access, Driver, Work } from './client.ts';
import { keysOf } from './keys.ts';
import { listCommands, readInto } from './list-commands.ts';
import { listPlan } from './plans.ts';

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

async function open({ description, natMap }: Access, client: string, options: Tuning): Promise<Driver> {
  if (!description.redis) throw new Error('this lab has no Redis');
  const { sentinels, masterName, username, password, sentinelUsername, sentinelPassword } = description.redis;
  const redis = new Redis({
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name: masterName,
    username,
    password,
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    sentinelPassword,
    ...(natMap && { natMap: { ...natMap } }),
    ...options,
  });
  redis.on('error', () => undefined);
  const keys = keysOf(client);
  const work = (run: (id: string) => Promise<unknown>): Work => ({
    run: async (id) => {
      await run(id);
      return {};
    },
  });
  return {
    work: {
      incr: work(() => redis.incr(keys.counter)),
      rpush: work((id) => redis.rpush(keys.list, id)),
      set: work((id) => redis.set(keys.set + id, '1')),
      append: {
        intent: listPlan,
        run: async (_, turn) => {
          const plan = listPlan(turn);
          const answers = (await redis.multi(listCommands(keys, plan)).exec()) ?? [];
          for (const [error] of answers) if (error) throw error;
          return {
            value: readInto(
              plan,
              answers.map(([, answer]) => answer),
            ),
          };
        },
      },
    },
    outcomeOf: (error) => ((error as Error).name === 'ReplyError' ? 'fail' : 'unknown'),
    close: async () => redis.disconnect(),
  };
}
