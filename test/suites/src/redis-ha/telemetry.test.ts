import { channel } from 'node:diagnostics_channel';
import { HaRedis, type CommandStep, type RedisEvents } from '@steadfast/redis-ha';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InMemoryMetrics } from '../support/in-memory-metrics.ts';
import { withLab } from '../support/with-lab.ts';

const held = withLab({ postgres: false, redis: {} });
const metrics = new InMemoryMetrics();
const lines: Record<string, unknown>[] = [];
const logger = pino(
  { level: 'debug' },
  { write: (line) => void lines.push(JSON.parse(line) as object as never) },
);
const events: { name: string; news: object; generation: number }[] = [];
let redis: HaRedis;
let copy: HaRedis;

beforeAll(async () => {
  await held.lab.waitHealthy(60_000);
  const env = held.lab.env({ redis: 'sentinel' });
  redis = new HaRedis({ env, logger, metrics: metrics.provider, connectionName: 'cache', refreshMs: 1_000 });
  copy = redis.duplicate();
  for (const name of ['primaryLost', 'failover', 'hold', 'breaker'] as const)
    redis.on(name, (news: RedisEvents[typeof name]) =>
      events.push({ name, news, generation: redis.health().generation }),
    );
  await Promise.all([redis.ping(), copy.ping()]);
}, 120_000);

afterAll(async () => {
  await Promise.all([redis?.quit(), copy?.quit(), metrics.stop()]);
});

/** Looks again until `look` gives something, at most 10 s. */
async function eventually<T>(look: () => T | undefined): Promise<T> {
  for (let n = 0; n < 1_000; n++) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come');
}

describe('while all is well', () => {
  it('health knows of the quorum and the replicas, and holds no secret', async () => {
    const health = await eventually(() => {
      const now = redis.health();
      return now.sentinel?.quorum && now.sentinel.replicas === 2 ? now : undefined;
    });
    expect(JSON.parse(JSON.stringify(health))).toEqual(health);
    expect(health).toMatchObject({
      ready: true,
      state: 'steady',
      generation: 1,
      breaker: 'closed',
      sentinel: { known: 3, answered: 3, quorum: true },
      warnings: [],
    });
    expect(health.sentinel?.quorumSays).toMatch(/^OK 3 usable Sentinels/);
    expect(JSON.stringify(health)).not.toContain(held.lab.description.redis?.password ?? 'none');
  });

  it('the metrics have their names, and clients of one group count for themselves', async () => {
    const read = await metrics.read();
    const pooled = { 'db.client.connection.pool.name': 'cache' };
    const second = { 'db.client.connection.pool.name': 'cache-2' };
    expect(read.get('db.client.connection.create_time')?.[0]).toMatchObject({
      value: { count: 1 },
      attributes: pooled,
    });
    expect(read.get('steadfast.primary.followed')).toEqual([
      { value: 1, attributes: pooled },
      { value: 1, attributes: second },
    ]);
    expect(read.get('db.client.connection.count')?.[0]?.value).toBe(1);
  });

  it('once is traced with its token and outcome', async () => {
    const told: object[] = [];
    const end = channel('tracing:steadfast:redis:once:asyncEnd');
    const listener = (trace: unknown): void => void told.push(trace as object);
    end.subscribe(listener);
    await redis.once([['incr', 'n']], { token: 'one' });
    end.unsubscribe(listener);
    expect(told).toMatchObject([{ token: 'one', commands: ['incr'], outcome: 'ok', result: [1] }]);
  });
});

describe('through a planned failover', () => {
  it('tells of the hold, of each command that waited, and of the new primary', async () => {
    const steps: CommandStep[] = [];
    const commands = channel('steadfast:redis:command');
    const listener = (step: unknown): void => void steps.push(step as CommandStep);
    commands.subscribe(listener);
    const before = redis.health();
    const writing = setInterval(() => void redis.incr('counter').catch(() => undefined), 5);
    await held.lab.fault('sentinel-failover');
    await eventually(() => (redis.health().generation === 2 ? true : undefined));
    await redis.incr('counter');
    clearInterval(writing);
    commands.unsubscribe(listener);

    const told = events.filter(({ name }) => name !== 'primaryLost');
    expect(told.map(({ name }) => name)).toEqual(['hold', 'hold', 'failover']);
    const [hold, , failover] = told;
    expect(failover).toMatchObject({
      generation: 2,
      news: {
        previous: { endpoint: before.primary },
        next: { endpoint: redis.primary, epoch: (before.epoch ?? 0) + 1 },
        generation: 2,
      },
    });
    expect(hold?.news).toEqual({ holding: true, why: 'writes are held for a failover' });
    expect(steps.some(({ step, held: waits }) => step === 'parked' && waits)).toBe(true);
    const sent = steps.filter(({ step }) => step === 'sent');
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.every(({ waitedMs = 0 }) => waitedMs < 10_000)).toBe(true);
  });

  it('is logged once for all clients of the group, and counted by each', async () => {
    const told = lines.map(({ event }) => event).filter((event) => event !== 'sentinel');
    expect(told.filter((event) => event === 'failover')).toEqual(['failover']);
    expect(told).toContain('hold');
    expect(told).toContain('hold-ended');
    expect(lines.find(({ event }) => event === 'failover')).toMatchObject({
      component: 'redis-ha',
      strategy: 'sentinel',
      group: held.lab.description.redis?.masterName,
      generation: 2,
    });
    expect(JSON.stringify(lines)).not.toContain(held.lab.description.redis?.password ?? 'none');
    const read = await metrics.read();
    expect(read.get('steadfast.failovers')?.[0]?.value).toBe(1);
    expect(read.get('steadfast.holds')?.[0]?.value).toBe(1);
    expect(read.get('steadfast.hold.time')?.[0]?.value).toBeGreaterThan(0);
  });

  it('health warns when no failover could happen any more', async () => {
    const fault = await held.lab.fault('sentinel-majority-loss');
    const health = await eventually(() => {
      const now = redis.health();
      return now.sentinel?.quorum === false ? now : undefined;
    });
    expect(health.ready).toBe(true);
    expect(health.warnings).toContainEqual(expect.stringMatching(/^no failover could happen: NOQUORUM/));
    await fault.heal();
  });
});
