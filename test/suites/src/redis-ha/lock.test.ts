import { setTimeout as sleep } from 'node:timers/promises';
import { HaRedis, isHaError, type Lock } from '@steadfast/redis-ha';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { failOver } from './fail-over.ts';
import { startLoneRedis, type LoneRedis } from './lone-redis.ts';

const held = withLab({ postgres: false, haproxy: false, pgbouncer: false, managed: false });
let server: LoneRedis;
let redis: HaRedis;

beforeAll(async () => {
  server = await startLoneRedis();
  redis = new HaRedis({ host: server.host, port: server.port, keyPrefix: 'p:', env: {} });
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

describe('a lock', () => {
  it('is held by one at a time, and its fencing number rises with each', async () => {
    const fences: number[] = [];
    let inside = 0;
    const turn = (): Promise<void> =>
      redis.withLock('turns', { waitMs: 20_000 }, async (lock) => {
        expect(++inside).toBe(1);
        fences.push(lock.fencing);
        await sleep(2);
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 20 }, turn));
    expect(fences).toHaveLength(20);
    expect(fences.every((fence, n) => n === 0 || fence > (fences[n - 1] ?? 0))).toBe(true);
    expect(await redis.exists('ha:lock:{turns}')).toBe(0);
  });

  it('leaves nothing for ever behind: its number is kept for a day', async () => {
    await redis.withLock('names', {}, () => undefined);
    const leftMs = await redis.pttl('ha:lock:{names}:fence');
    expect(leftMs).toBeGreaterThan(86_000_000);
    expect(leftMs).toBeLessThanOrEqual(86_400_000);
  });

  it('tells work that has kept the process busy beyond its time', async () => {
    const work = redis.withLock('busy', { ttlMs: 100 }, () => {
      for (const until = performance.now() + 150; performance.now() < until;);
    });
    await expect(work).rejects.toMatchObject({ code: 'HA_LOCK_LOST' });
  });

  it('lives longer than its time while it is held, and no longer than its holder', async () => {
    const lock = await redis.lock('long', { ttlMs: 300 });
    await sleep(900);
    expect(lock.signal.aborted).toBe(false);
    await expect(redis.lock('long')).rejects.toMatchObject({ code: 'HA_LOCK_BUSY' });
    expect(await lock.release()).toBe(true);
    const next = await redis.lock('long');
    expect(await lock.release()).toBe(false);
    expect(await redis.exists('ha:lock:{long}')).toBe(1);
    await next.release();
  });

  it('says so when somebody has taken it away', async () => {
    const lock = await redis.lock('stolen', { ttlMs: 600 });
    await redis.set('ha:lock:{stolen}', 'somebody:1');
    await new Promise((resolve) => lock.signal.addEventListener('abort', resolve));
    expect(isHaError(lock.signal.reason, 'HA_LOCK_LOST')).toBe(true);
    const work = redis.withLock('work', {}, async (own) => {
      await redis.del('ha:lock:{work}');
      await own.extend().catch(() => undefined);
      return 'done';
    });
    await expect(work).rejects.toMatchObject({ code: 'HA_LOCK_LOST' });
  });

  it('keeps its number rising where the last one was lost', async () => {
    const first = await redis.lock('fence');
    await first.release();
    await redis.del('ha:lock:{fence}:fence');
    await using second = await redis.lock('fence');
    expect(second.fencing).toBeGreaterThan(first.fencing);
  });
});

describe('two contenders through failovers', () => {
  it.each(['sentinel-failover', 'redis-crash'] as const)('%s: never both trust it', async (fault) => {
    const clients = [1, 2].map(() => new HaRedis({ env: held.lab.env({ redis: 'sentinel' }) }));
    const spans: { from: number; to: number; fence: number }[] = [];
    let more = true;
    /** Trust is a span: from when the lock was given until it was let go or its signal fired. */
    const hold = async (lock: Lock): Promise<void> => {
      const from = performance.now();
      const lost = new Promise<void>((resolve) => lock.signal.addEventListener('abort', () => resolve()));
      await Promise.race([lost, sleep(40)]);
      spans.push({ from, to: performance.now(), fence: lock.fencing });
      await lock.release().catch(() => undefined);
    };
    const contend = async (client: HaRedis): Promise<void> => {
      while (more) {
        try {
          await hold(await client.lock('contended', { ttlMs: 1_000, waitMs: 500 }));
        } catch (error) {
          if (!isHaError(error)) throw error;
        }
      }
    };
    const contending = clients.map(contend);
    await sleep(300);
    await failOver(held.lab, fault);
    const before = spans.length;
    await sleep(1_000);
    more = false;
    await Promise.all(contending);
    for (const client of clients) client.disconnect();
    spans.sort((a, b) => a.from - b.from);
    const pairs = spans.slice(1).map((span, n) => ({ before: spans[n] ?? span, span }));
    expect(pairs.filter((pair) => pair.span.from < pair.before.to)).toEqual([]);
    expect(pairs.filter((pair) => pair.span.fence <= pair.before.fence)).toEqual([]);
    expect(before).toBeGreaterThan(3);
    expect(spans.length).toBeGreaterThan(before);
  });
});
