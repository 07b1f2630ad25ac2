import { monotonicMs, type FaultArgs, type FaultName, type Lab } from '@steadfast/lab';
import { HaRedis } from '@steadfast/redis-ha';
import { afterEach, describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { judge, startWriters, type Verdict } from '../support/writers.ts';

const held = withLab({ postgres: false, haproxy: false, pgbouncer: false, managed: false });
let redis: HaRedis | undefined;
afterEach(async () => {
  redis?.disconnect();
  redis = undefined;
  await held.lab.waitHealthy(60_000);
});

interface Course extends Verdict {
  /** first acknowledged write after a majority of sentinels named the new master, ms */
  lagMs: number;
  longestMs: number;
  generation: number;
}

/** Runs a load of counters through a fault, heals it, and compares what callers were told with what is there. */
async function runThrough(lab: Lab, fault: FaultName, args: FaultArgs, prefix: string): Promise<Course> {
  redis = new HaRedis({ env: lab.env({ redis: 'sentinel' }) });
  const client = redis;
  await client.ping();
  const before = (await lab.status()).redis?.master ?? '';
  const observers = await lab.observe();
  // A counter a write: an INCR that was applied twice shows as 2.
  const writers = startWriters((id) => client.incr(`${prefix}:${id}`), 4);
  await writers.acknowledgedAfter(monotonicMs(), 5_000);
  const since = monotonicMs();
  const made = await lab.fault(fault, args);
  const named = await observers.waitFor({ kind: 'sentinel-names', since, notMember: before }, 30_000);
  const first = await writers.acknowledgedAfter(named.at, 10_000);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await made.heal();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await writers.stop(35_000);
  await observers.stop();
  const found = await counters(
    client,
    prefix,
    writers.writes.map((write) => write.id),
  );
  const longestMs = Math.max(...writers.writes.map((write) => write.ended - write.started));
  const course = { ...judge(writers.writes, found), lagMs: first.ended - named.at, longestMs };
  console.log(
    `${fault}: ${JSON.stringify({ ...course.outcomes, lagMs: Math.round(course.lagMs), longestMs: Math.round(longestMs) })}`,
  );
  return { ...course, generation: client.health().generation };
}

/** Every id as often as it was counted. */
async function counters(client: HaRedis, prefix: string, ids: readonly string[]): Promise<string[]> {
  const values = await client.mget(ids.map((id) => `${prefix}:${id}`));
  return ids.flatMap((id, index) => Array.from({ length: Number(values[index] ?? 0) }, () => id));
}

describe('through Sentinel', () => {
  it('a planned failover loses nothing, doubles nothing and fails nothing', async () => {
    const course = await runThrough(held.lab, 'sentinel-failover', {}, 'planned');
    expect(course.lost).toEqual([]);
    expect(course.doubled).toEqual([]);
    expect(Object.keys(course.outcomes)).toEqual(['ok']);
    expect(course.lagMs).toBeLessThan(1_500);
    expect(course.generation).toBe(2);
  });

  it('a crash of the master doubles nothing, and what was not in flight waits', async () => {
    const course = await runThrough(held.lab, 'redis-crash', { target: 'master' }, 'crash');
    expect(course.doubled).toEqual([]);
    expect(course.unexpected).toEqual([]);
    expect(course.outcomes['none']).toBeUndefined();
    expect(course.outcomes['unknown'] ?? 0).toBeLessThan(20);
    expect(course.lagMs).toBeLessThan(1_500);
  });

  it('a frozen master holds nobody, and nothing is written to it when it comes back', async () => {
    const course = await runThrough(held.lab, 'redis-freeze', { target: 'master' }, 'freeze');
    expect(course.lost).toEqual([]);
    expect(course.doubled).toEqual([]);
    expect(course.unexpected).toEqual([]);
    expect(course.lagMs).toBeLessThan(1_500);
  });

  it('a sentinel that is gone delays nobody', async () => {
    const fault = await held.lab.fault('sentinel-minority');
    try {
      const began = performance.now();
      redis = new HaRedis({ env: held.lab.env({ redis: 'sentinel' }) });
      expect(await redis.set('minority', 'x')).toBe('OK');
      expect(performance.now() - began).toBeLessThan(900);
    } finally {
      await fault.heal();
    }
  });

  it('finds the other sentinels from one, and shares what is known with duplicates', async () => {
    const env = held.lab.env({ redis: 'sentinel' });
    const [one] = env['REDIS_SENTINELS']?.split(',') ?? [];
    redis = new HaRedis({ env: { ...env, REDIS_SENTINELS: one } });
    const copies = [redis.duplicate(), redis.duplicate({ db: 3 })];
    expect(await Promise.all([redis, ...copies].map((client) => client.ping()))).toEqual([
      'PONG',
      'PONG',
      'PONG',
    ]);
    expect(copies.map((copy) => copy.health().generation)).toEqual([1, 1]);
    expect(copies[1]?.options.db).toBe(3);
    await redis.quit();
    expect(await copies[0]?.ping()).toBe('PONG');
    for (const copy of copies) await copy.quit();
  });

  it('keeps subscriptions through a planned failover', async () => {
    redis = new HaRedis({ env: held.lab.env({ redis: 'sentinel' }) });
    const subscriber = redis.duplicate();
    const heard: string[] = [];
    subscriber.on('message', (_channel: string, message: string) => heard.push(message));
    await subscriber.subscribe('news');
    const { generation } = redis.health();
    await held.lab.fault('sentinel-failover');
    for (let n = 0; n < 100 && (redis.health().generation === generation || !heard.includes('after')); n++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (redis.health().generation > generation) await redis.publish('news', 'after');
    }
    expect(heard).toContain('after');
    await subscriber.quit();
  });
});
