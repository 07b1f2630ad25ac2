import type { HaRedis } from '@steadfast/redis-ha';
import { RedisStore } from 'connect-redis';
import { beginSessions } from './express-sessions.ts';
import type { Library } from './library.ts';

/** connect-redis: sessions of an Express app, kept in Redis. */
export const withRedisSessions: Library<HaRedis> = {
  name: 'connect-redis',
  async begin(connect, run) {
    const redis = connect();
    const store = new RedisStore({ client: sessionClient(redis) as never, prefix: `sess:${run}:` });
    return await beginSessions(store, async () => void (await redis.quit()));
  },
};

/** connect-redis 9 and later calls its client as node-redis is called. */
function sessionClient(redis: HaRedis): object {
  return {
    get: (key: string) => redis.get(key),
    set: (key: string, value: string, { expiration }: { expiration?: { value: number } } = {}) =>
      expiration ? redis.set(key, value, 'EX', expiration.value) : redis.set(key, value),
    expire: (key: string, seconds: number) => redis.expire(key, seconds),
    del: (keys: string[]) => redis.del(keys),
    mGet: (keys: string[]) => redis.mget(keys),
    scanIterator: ({ MATCH: match, COUNT: count }: { MATCH: string; COUNT: number }) =>
      redis.scanStream({ match, count }),
  };
}
