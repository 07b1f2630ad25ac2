import type { HaRedis } from '@steadfast/redis-ha';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { expect } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { GRACE_MS, REDIS_TAIL, type Library } from './library.ts';

/** rate-limiter-flexible: what was counted before the failover counts after it, and nothing is counted twice. */
export const withRateLimiter: Library<HaRedis> = {
  name: 'rate-limiter-flexible',
  async begin(connect, run) {
    const redis = connect();
    const open = new RateLimiterRedis({ storeClient: redis, keyPrefix: run, points: 100_000, duration: 600 });
    const strict = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: `${run}-strict`,
      points: 3,
      duration: 600,
    });
    for (let n = 0; n < 3; n++) await strict.consume('ada');

    const consumes = startWriters(() => open.consume('all'), 10);
    return {
      worksAfter: (since) => consumes.acknowledgedAfter(since, GRACE_MS),
      async expectRight(mayFail) {
        await consumes.stop(GRACE_MS);
        const ok = consumes.writes.filter(({ outcome }) => outcome === 'ok').length;
        const unknown = consumes.writes.filter(({ outcome }) => outcome === 'unknown').length;
        expect(ok + unknown).toBe(consumes.writes.length);
        expect(unknown).toBeLessThanOrEqual(mayFail);
        const counted = (await open.get('all'))?.consumedPoints ?? 0;
        expect(counted).toBeGreaterThanOrEqual(ok - REDIS_TAIL);
        expect(counted).toBeLessThanOrEqual(ok + unknown);
        await expect(strict.consume('ada')).rejects.toBeInstanceOf(RateLimiterRes);
        await redis.quit();
      },
    };
  },
};
