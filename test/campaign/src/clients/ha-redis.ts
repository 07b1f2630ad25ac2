import { HaRedis, outcomeOf as outcomeOfError, type HaRedisOptions, type OnceOp } from '@steadfast/redis-ha';
import type { Access, Driver } from './client.ts';
import { keysOf } from './keys.ts';

export async function haRedis(access: Access, client: string): Promise<Driver> {
  return open(access, client, {});
}

/** It goes to a promoted replica without waiting for the sentinels to announce it. */
export async function promotedRedis(access: Access, client: string): Promise<Driver> {
  return open(access, client, { follow: 'promoted' });
}

/** Writes wait where no replica has confirmed for so long. */
export async function heartbeatRedis(access: Access, client: string): Promise<Driver> {
  return open(access, client, { replicaHeartbeatMs: 100 });
}

/** Everything is acknowledged only when a replica has it too. */
export async function durableRedis({ env, deadlineMs }: Access, client: string): Promise<Driver> {
  const redis = new HaRedis({ failoverWaitMs: deadlineMs, env });
  const keys = keysOf(client);
  const work = (opOf: (id: string) => OnceOp): Driver['work'][string] => ({
    run: async (id) =>
      void (await redis.durable([opOf(id)], { replicas: 1, timeoutMs: 100, token: `${client}:${id}` })),
    deadlineMs,
  });
  return {
    work: {
      incr: work(() => ['incr', keys.counter]),
      rpush: work((id) => ['rpush', keys.list, id]),
      set: work((id) => ['set', keys.set + id, '1']),
    },
    outcomeOf,
    close: async () => redis.disconnect(),
  };
}

function outcomeOf(error: unknown): 'fail' | 'unknown' {
  return ['notSent', 'rejected'].includes(outcomeOfError(error) ?? '') ? 'fail' : 'unknown';
}

async function open({ env, deadlineMs }: Access, client: string, options: HaRedisOptions): Promise<Driver> {
  const redis = new HaRedis({ failoverWaitMs: deadlineMs, ...options, env });
  const keys = keysOf(client);
  const work = (run: (id: string) => Promise<unknown>): Driver['work'][string] => ({
    run: async (id) => void (await run(id)),
    deadlineMs,
  });
  return {
    work: {
      incr: work(() => redis.incr(keys.counter)),
      rpush: work((id) => redis.rpush(keys.list, id)),
      set: work((id) => redis.set(keys.set + id, '1')),
      once: work((id) => redis.once([['rpush', keys.once, id]], { token: `${client}:${id}` })),
    },
    outcomeOf,
    close: async () => redis.disconnect(),
  };
}
