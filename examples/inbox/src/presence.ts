import type { Redis } from 'ioredis';

const WINDOW_S = 20;

/** Marks a user as online and returns everybody who was seen within the window. Repeating it changes nothing. */
export async function touchPresence(redis: Redis, accountId: number, userId: string): Promise<string[]> {
  const key = `ONLINE_PRESENCE::${accountId}::USERS`;
  const now = Math.floor(Date.now() / 1000);
  const [, , online] = await Promise.all([
    redis.zadd(key, now, userId),
    redis.zremrangebyscore(key, '-inf', now - WINDOW_S),
    redis.zrangebyscore(key, now - WINDOW_S, '+inf'),
  ]);
  return online;
}
