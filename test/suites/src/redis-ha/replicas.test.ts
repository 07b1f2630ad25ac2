import { setTimeout as sleep } from 'node:timers/promises';
import { HaRedis, type HaReader } from '@steadfast/redis-ha';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { failOver } from './fail-over.ts';

const held = withLab({ postgres: false, haproxy: false, pgbouncer: false, managed: false });
let redis: HaRedis;
let reader: HaReader;

beforeAll(() => {
  redis = new HaRedis({ env: held.lab.env({ redis: 'sentinel' }), db: 2, keyPrefix: 'p:' });
  reader = redis.reader;
}, 60_000);

afterAll(() => redis.disconnect());

const serving = (): number => reader.replicas.filter((one) => one.serves).length;

/** Reads from time to time, as long as nobody reads nothing is known of the replicas. */
async function untilServing(count: number, timeoutMs = 15_000): Promise<void> {
  await expect
    .poll(async () => [await reader.exists('x'), serving()][1], { timeout: timeoutMs, interval: 50 })
    .toBe(count);
}

/** GET commands that each member has answered. */
async function gets(): Promise<Map<string, number>> {
  const { members = [], adminUsername, adminPassword } = held.lab.description.redis ?? {};
  const counts = members.map(async ({ name, host, port }) => {
    const options = {
      username: adminUsername ?? '',
      password: adminPassword ?? '',
      retryStrategy: () => null,
    };
    const admin = new Redis({ host, port, ...options });
    admin.on('error', () => undefined);
    const stats = await admin.info('commandstats').catch(() => '');
    admin.disconnect();
    return [name, Number(/cmdstat_get:calls=(\d+)/.exec(stats)?.[1] ?? 0)] as const;
  });
  return new Map(await Promise.all(counts));
}

describe('a reader', () => {
  it('reads from both replicas, not from the primary, and only what is fresh', async () => {
    await redis.set('k', 'v');
    await untilServing(2);
    for (const { lagMs } of reader.replicas) expect(lagMs).toBeLessThan(1_000);
    const before = await gets();
    const answers = await Promise.all(Array.from({ length: 200 }, () => reader.get('k')));
    expect(new Set(answers)).toEqual(new Set(['v']));
    const after = await gets();
    const { master = '' } = (await held.lab.status()).redis ?? {};
    const given = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
    expect(given.find(([name]) => name === master)?.[1]).toBeLessThan(20);
    const byReplicas = given.filter(([name]) => name !== master).map(([, count]) => count);
    expect(Math.min(...byReplicas)).toBeGreaterThan(40);
  });

  it('takes pipelines, scripts that read and hashes, and refuses what writes or blocks', async () => {
    await redis.hset('h', 'f', '1');
    await expect.poll(() => reader.hgetall('h')).toEqual({ f: '1' });
    expect(await reader.pipeline().get('k').hget('h', 'f').exec()).toEqual([
      [null, 'v'],
      [null, '1'],
    ]);
    const refused = { code: 'HA_CONFIG', outcome: 'notSent' };
    await expect(reader.set('k', 'w')).rejects.toMatchObject(refused);
    await expect(reader.xread('BLOCK', 10, 'STREAMS', 's', '$')).rejects.toMatchObject(refused);
    const mixed = await reader.pipeline().get('k').incr('n').exec();
    expect(mixed?.[0]).toEqual([null, 'v']);
    expect(mixed?.[1]?.[0]).toMatchObject(refused);
  });

  it('walks with a cursor through everything, once: each server orders its keys in a way of its own', async () => {
    const names = Array.from({ length: 3_000 }, (_, n) => `walk:${n}`);
    await redis.mset(Object.fromEntries(names.map((name) => [name, '1'])));
    await untilServing(2);
    const found = new Set<string>();
    for await (const keys of reader.scanStream({ match: 'p:walk:*', count: 50 }))
      for (const key of keys as string[]) found.add(key);
    expect(found.size).toBe(names.length);
  });

  it('reads in the database that the client has selected, wherever the answer comes from', async () => {
    await untilServing(2);
    await redis.select(3);
    try {
      await redis.set('k', 'in 3');
      for (let n = 0; n < 20; n++) expect(await reader.get('k')).toBe('in 3');
    } finally {
      await redis.select(2);
    }
    expect(await reader.get('k')).toBe('v');
  });

  it('closes its connections when nobody reads, and reads on after that', async () => {
    await untilServing(2);
    await reader.quit();
    expect(reader.replicas).toEqual([]);
    expect(await reader.get('k')).toBe('v');
    await untilServing(2);
  });
});

describe('replicas that fail', () => {
  it('are left, and no read fails or waits for them', async () => {
    await untilServing(2);
    const frozen = await held.lab.fault('redis-freeze', { target: 'replica' });
    try {
      const began = performance.now();
      while (serving() === 2 && performance.now() - began < 10_000) {
        expect(await reader.get('k')).toBe('v');
        await sleep(5);
      }
      expect(serving()).toBe(1);
      const slow = performance.now();
      await Promise.all(Array.from({ length: 100 }, () => reader.get('k')));
      expect(performance.now() - slow).toBeLessThan(1_000);
    } finally {
      await frozen.heal();
    }
    await untilServing(2, 30_000);
  });

  it('never serve data older than the bound: with all of them cut off the primary answers', async () => {
    const { master = '' } = (await held.lab.status()).redis ?? {};
    const frozen = (held.lab.description.redis?.members ?? []).filter(({ name }) => name !== master);
    const faults = [];
    for (const { name } of frozen) faults.push(await held.lab.fault('redis-freeze', { target: name }));
    const began = performance.now();
    await redis.set('new', 'x');
    await expect.poll(() => reader.get('new'), { timeout: 5_000 }).toBe('x');
    expect(performance.now() - began).toBeLessThan(5_000);
    await expect.poll(serving, { timeout: 5_000 }).toBe(0);
    for (const fault of faults) await fault.heal();
    await untilServing(2, 30_000);
  });
});

describe('readers through a failover', () => {
  it.each(['sentinel-failover', 'redis-crash'] as const)('%s: no read fails', async (fault) => {
    const errors: unknown[] = [];
    let reads = 0;
    let more = true;
    const reading = (async () => {
      for (let n = 0; more && n < 20_000; n++) {
        await reader.get('k').then(
          (value) => value === 'v' && (reads += 1),
          (error: unknown) => errors.push(error),
        );
        await sleep(2);
      }
    })();
    await failOver(held.lab, fault);
    await sleep(1_000);
    more = false;
    await reading;
    expect(errors).toEqual([]);
    expect(reads).toBeGreaterThan(200);
    expect(redis.primary && reader.replicas.map(({ endpoint }) => endpoint.host)).not.toContain(
      redis.primary?.host,
    );
  });
});
