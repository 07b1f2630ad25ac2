import { createSentinel, ErrorReply } from 'redis';
import type { Access, Driver } from './client.ts';
import { keysOf } from './keys.ts';

/** node-redis with its own Sentinel client, as it comes. */
export async function nodeRedis({ description }: Access, client: string): Promise<Driver> {
  if (!description.redis) throw new Error('this lab has no Redis');
  const { sentinels, masterName, username, password, sentinelUsername, sentinelPassword } = description.redis;
  const redis = createSentinel({
    name: masterName,
    sentinelRootNodes: sentinels.map(({ host, port }) => ({ host, port })),
    nodeClientOptions: { username, password },
    sentinelClientOptions: {
      ...(sentinelUsername !== undefined && { username: sentinelUsername }),
      password: sentinelPassword,
    },
  });
  redis.on('error', () => undefined);
  await redis.connect();
  const keys = keysOf(client);
  return {
    work: {
      incr: { run: async () => void (await redis.incr(keys.counter)) },
      rpush: { run: async (id) => void (await redis.rPush(keys.list, id)) },
      set: { run: async (id) => void (await redis.set(keys.set + id, '1')) },
    },
    outcomeOf: (error) => (error instanceof ErrorReply ? 'fail' : 'unknown'),
    close: async () => redis.destroy(),
  };
}
