import fastifyRateLimit from '@fastify/rate-limit';
import type { HaRedis } from '@steadfast/redis-ha';
import Fastify from 'fastify';
import { expect } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { GRACE_MS, REDIS_TAIL, type Library } from './library.ts';

const MAX = 100_000;

/** @fastify/rate-limit: requests wait for the count, and the count goes on where it was. */
export const withFastifyRateLimit: Library<HaRedis> = {
  name: '@fastify/rate-limit',
  async begin(connect, run) {
    const redis = connect();
    const app = Fastify();
    await app.register(fastifyRateLimit, {
      redis,
      max: MAX,
      timeWindow: '1 hour',
      nameSpace: `limit-${run}-`,
    });
    app.get('/', () => 'ok');
    const base = await app.listen({ host: '127.0.0.1', port: 0 });
    const request = async (): Promise<number> => {
      const response = await fetch(base);
      const body = await response.text();
      if (!response.ok) throw new Error(`${response.status}: ${body}`);
      return MAX - Number(response.headers.get('x-ratelimit-remaining'));
    };

    const requests = startWriters(request, 20);
    return {
      worksAfter: (since) => requests.acknowledgedAfter(since, GRACE_MS),
      async expectRight(mayFail) {
        await requests.stop(GRACE_MS);
        const failed = requests.writes.filter(({ outcome }) => outcome !== 'ok');
        expect(failed.length, failed.map(({ error }) => String(error)).join('\n')).toBeLessThanOrEqual(
          mayFail,
        );
        const ok = requests.writes.length - failed.length;
        const counted = await request();
        expect(counted).toBeGreaterThan(ok - REDIS_TAIL);
        expect(counted).toBeLessThanOrEqual(requests.writes.length + 1);
        await app.close();
        await redis.quit();
      },
    };
  },
};
