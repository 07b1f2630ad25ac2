import { createSentinel, ErrorReply } from 'redis';
import type { Access, Driver, Work } from './client.ts';
import { keysOf } from './keys.ts';
import { listCommands, readInto } from './list-commands.ts';
import { listPlan } from './plans.ts';

/** node-redis with its own Sentinel client, as it comes. */
export async function nodeRedis({ description, natMap }: Access, client: string): Promise<Driver> {
  if (!description.redis) throw new Error('this lab has no Redis');
  const { sentinels, masterName, username, password, sentinelUsername, sentinelPassword } = description.redis;
  const redis = createSentinel({
    name: masterName,
    sentinelRootNodes: sentinels.map(({ host, port }) => ({ host, port })),
    ...(natMap && { nodeAddressMap: { ...natMap } }),
    nodeClientOptions: { username, password },
    sentinelClientOptions: {
      ...(sentinelUsername !== undefined && { username: sentinelUsername }),
      password: sentinelPassword,
    },
  });
  redis.on('error', () => undefined);
  await redis.connect();
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
      rpush: work((id) => redis.rPush(keys.list, id)),
      set: work((id) => redis.set(keys.set + id, '1')),
      append: {
        intent: listPlan,
        run: async (_, turn) => {
          const plan = listPlan(turn);
          const multi = redis.multi();
          for (const command of listCommands(keys, plan))
            if (command[0] === 'rpush') multi.rPush(command[1], command[2]);
            else multi.lRange(command[1], 0, -1);
          return { value: readInto(plan, await multi.exec()) };
        },
      },
    },
    outcomeOf: (error) => (error instanceof ErrorReply ? 'fail' : 'unknown'),
    close: async () => redis.destroy(),
  };
}
