import { createProxyServer } from '@steadfast/lab/lone';
import { HaRedis, outcomeOf, type HaRedisOptions } from '@steadfast/redis-ha';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoneRedis, type LoneRedis } from './lone-redis.ts';

let server: LoneRedis;
beforeAll(async () => {
  server = await startLoneRedis();
});
afterAll(() => server.stop());

async function throughLink(
  options: HaRedisOptions,
  run: (parts: {
    redis: HaRedis;
    direct: HaRedis;
    link: Awaited<ReturnType<typeof createProxyServer>>;
  }) => Promise<void>,
): Promise<void> {
  const link = await createProxyServer({ target: server });
  const redis = new HaRedis({ ...options, ...link.endpoint, env: {} });
  const direct = new HaRedis({ host: server.host, port: server.port, env: {} });
  try {
    await redis.ping();
    await direct.flushall();
    await run({ redis, direct, link });
  } finally {
    redis.disconnect();
    await direct.quit();
    await link.close();
  }
}

describe.each([['autoPipelining'], ['enableAutoPipelining']])('with %s', (option) => {
  it('many callers’ commands get each its own answer or error', async () => {
    await throughLink({ [option]: true }, async ({ redis }) => {
      await redis.set('text', 'x');
      const calls = Array.from({ length: 300 }, (_, n) =>
        n % 10 === 3
          ? redis.incr('text')
          : redis.set(`k:${n}`, `v:${n}`, 'GET').then(() => redis.get(`k:${n}`)),
      );
      expect(await Promise.allSettled(calls)).toMatchObject(
        calls.map((_, n) =>
          n % 10 === 3
            ? { status: 'rejected', reason: { message: /not an integer/, outcome: 'rejected' } }
            : { status: 'fulfilled', value: `v:${n}` },
        ),
      );
    });
  });

  it.each([0, 1, 20, 63])(
    'a cut at command %i leaves every command what it says, and once() exact',
    async (point) => {
      await throughLink({ [option]: true }, async ({ redis, direct, link }) => {
        for (let round = 0; round < 3; round++) {
          await direct.flushall();
          await link.cutAfter(`point:${point}\r`, { dropAnswer: true, count: 1 });
          const plain = Array.from({ length: 64 }, (_, n) => redis.incr(`point:${n}`));
          const exact = Array.from({ length: 16 }, (_, n) =>
            redis.once([['incr', `exact:${n}`]], { token: `${round}:${n}` }),
          );
          const seen = (await Promise.allSettled(plain)).map((one) =>
            one.status === 'fulfilled' ? 'ok' : outcomeOf(one.reason),
          );
          expect(await Promise.all(exact)).toEqual(exact.map(() => [1]));
          const counts = (await direct.mget(plain.map((_, n) => `point:${n}`))).map(Number);
          expect(seen[point]).toBe('unknown');
          const lies = seen.filter((outcome, n) => {
            const count = counts[n] ?? -1;
            return count > 1 || (outcome === 'ok' && count !== 1) || (outcome === 'notSent' && count !== 0);
          });
          expect(lies).toEqual([]);
          expect((await direct.mget(exact.map((_, n) => `exact:${n}`))).map(Number)).toEqual(
            exact.map(() => 1),
          );
        }
      });
    },
  );

  it('what one caller sends stays in order over a cut', async () => {
    await throughLink({ [option]: true }, async ({ redis, direct, link }) => {
      await link.cutAfter('order', { dropAnswer: true, count: 1 });
      await Promise.all(Array.from({ length: 50 }, (_, n) => redis.set('order', String(n))));
      expect(await direct.get('order')).toBe('49');
    });
  });
});

describe('autoPipelining', () => {
  it('puts what many callers ask at once into a few packets', async () => {
    await throughLink({ autoPipelining: true }, async ({ redis, direct }) => {
      const calls = async (): Promise<number> =>
        Number(/total_reads_processed:(\d+)/.exec(await direct.info('stats'))?.[1]);
      const before = await calls();
      await Promise.all(Array.from({ length: 500 }, (_, n) => redis.set(`few:${n}`, 'x')));
      expect((await calls()) - before).toBeLessThan(100);
    });
  });

  it.each([['yes please'], ['2']])('is yes or no, and not %s', (value) => {
    expect(() => new HaRedis({ env: { REDIS_HA_AUTO_PIPELINING: value }, lazyConnect: true })).toThrow(
      /REDIS_HA_AUTO_PIPELINING is .* allowed: true or false/,
    );
  });
});
