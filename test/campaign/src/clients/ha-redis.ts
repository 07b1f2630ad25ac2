import { HaRedis, outcomeOf, type HaRedisOptions } from '@steadfast/redis-ha';
import type { Access, Driver } from './client.ts';
import { keysOf } from './keys.ts';

/** As long as a command may wait; longer than every outage of Redis in the campaign. */
const WAIT_MS = 30_000;

export async function haRedis(access: Access, client: string): Promise<Driver> {
  return open(access, client, {});
}

/** It goes to a promoted replica without waiting for the sentinels to announce it. */
export async function promotedRedis(access: Access, client: string): Promise<Driver> {
  return open(access, client, { follow: 'promoted' });
}

async function open({ env }: Access, client: string, options: HaRedisOptions): Promise<Driver> {
  const redis = new HaRedis({ failoverWaitMs: WAIT_MS, ...options, env });
  const keys = keysOf(client);
  const work = (run: (id: string) => Promise<unknown>): Driver['work'][string] => ({
    run: async (id) => void (await run(id)),
    deadlineMs: WAIT_MS,
  });
  return {
    work: {
      incr: work(() => redis.incr(keys.counter)),
      rpush: work((id) => redis.rpush(keys.list, id)),
      set: work((id) => redis.set(keys.set + id, '1')),
      once: work((id) => redis.once([['rpush', keys.once, id]], { token: `${client}:${id}` })),
    },
    outcomeOf: (error) => (['notSent', 'rejected'].includes(outcomeOf(error) ?? '') ? 'fail' : 'unknown'),
    close: async () => redis.disconnect(),
  };
}
