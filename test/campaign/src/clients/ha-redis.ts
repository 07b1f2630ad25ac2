import { HaRedis, outcomeOf as outcomeOfError, type HaRedisOptions, type OnceOp } from '@steadfast/redis-ha';
import { MAX_WAITING } from './bounds.ts';
import type { Access, Driver, Work } from './client.ts';
import { keysOf, type Keys } from './keys.ts';
import { listCommands, readInto } from './list-commands.ts';
import { listPlan } from './plans.ts';

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
export async function durableRedis(access: Access, client: string): Promise<Driver> {
  const { deadlineMs } = access;
  const redis = connect(access, {});
  const keys = keysOf(client);
  const durable = (ops: readonly OnceOp[], id: string): Promise<unknown[]> =>
    redis.durable(ops, { replicas: 1, timeoutMs: 100, token: `${client}:${id}` });
  const work = (opOf: (id: string) => OnceOp): Work => ({
    run: async (id) => {
      await durable([opOf(id)], id);
      return {};
    },
    deadlineMs,
  });
  return {
    work: {
      incr: work(() => ['incr', keys.counter]),
      rpush: work((id) => ['rpush', keys.list, id]),
      set: work((id) => ['set', keys.set + id, '1']),
      append: listWork(keys, deadlineMs, durable),
    },
    outcomeOf,
    sample: () => ({ waiting: redis.health().waiting }),
    close: async () => redis.disconnect(),
  };
}

/** Lists that are appended to and read at once. */
function listWork(
  keys: Keys,
  deadlineMs: number,
  run: (ops: readonly OnceOp[], id: string) => Promise<unknown[]>,
): Work {
  return {
    intent: listPlan,
    run: async (id, turn) => {
      const plan = listPlan(turn);
      return { value: readInto(plan, await run(listCommands(keys, plan), id)) };
    },
    deadlineMs,
  };
}

function outcomeOf(error: unknown): 'fail' | 'unknown' {
  return ['notSent', 'rejected'].includes(outcomeOfError(error) ?? '') ? 'fail' : 'unknown';
}

function connect({ env, deadlineMs, natMap }: Access, options: HaRedisOptions): HaRedis {
  const through = natMap && { natMap: { ...natMap } };
  return new HaRedis({ failoverWaitMs: deadlineMs, maxWaiting: MAX_WAITING, ...options, ...through, env });
}

async function open(access: Access, client: string, options: HaRedisOptions): Promise<Driver> {
  const { deadlineMs } = access;
  const redis = connect(access, options);
  const keys = keysOf(client);
  const once = (ops: readonly OnceOp[], id: string): Promise<unknown[]> =>
    redis.once(ops, { token: `${client}:${id}` });
  const work = (run: (id: string) => Promise<unknown>): Work => ({
    run: async (id) => {
      await run(id);
      return {};
    },
    deadlineMs,
  });
  return {
    work: {
      incr: work(() => redis.incr(keys.counter)),
      rpush: work((id) => redis.rpush(keys.list, id)),
      set: work((id) => redis.set(keys.set + id, '1')),
      once: work((id) => once([['rpush', keys.once, id]], id)),
      append: listWork(keys, deadlineMs, once),
    },
    outcomeOf,
    sample: () => ({ waiting: redis.health().waiting }),
    close: async () => redis.disconnect(),
  };
}
