import { fork, type ChildProcess } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { HaPool, type HaEvents } from '@steadfast/pg-ha';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InMemoryMetrics } from '../support/in-memory-metrics.ts';
import { withLab } from '../support/with-lab.ts';
import type { Report } from './many-pools.ts';
import { PatroniCounter } from './patroni-counter.ts';

const PROCESSES = 4;
const QUIET_MS = 4_000;

// Room for all connections of all pools and a few more: one too many at once would be refused with 53300.
const held = withLab({
  redis: false,
  haproxy: false,
  pgbouncer: false,
  managed: false,
  postgres: { maxConnections: 250 },
});
const metrics = new InMemoryMetrics();
const lines: Record<string, unknown>[] = [];
const events: [name: string, news: object][] = [];
let counters: PatroniCounter[] = [];
let children: ChildProcess[] = [];
let pool: HaPool;

beforeAll(async () => {
  const { lab } = held;
  await lab.waitHealthy(60_000);
  const members = lab.description.postgres?.members ?? [];
  counters = await Promise.all(members.map(({ patroniUrl }) => PatroniCounter.before(patroniUrl)));
  const env = {
    ...lab.env({ postgres: 'patroni' }),
    PG_HA_PATRONI_URLS: counters.map(({ url }) => url).join(),
  };
  children = Array.from({ length: PROCESSES }, () =>
    fork(new URL('./many-pools.ts', import.meta.url), { env: { ...process.env, ...env } }),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
  const logger = pino(
    { level: 'debug' },
    { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[0]) },
  );
  pool = new HaPool({
    env: lab.env({ postgres: 'patroni' }),
    application_name: 'inbox',
    max: 3,
    failoverWaitMs: 60_000,
    logger,
    metrics: metrics.provider,
    callMetrics: true,
  });
  const hear =
    (name: keyof HaEvents) =>
    (news: object): void =>
      void events.push([name, news]);
  for (const name of ['primaryLost', 'primaryRecovered', 'failover', 'breaker'] as const)
    pool.on(name, hear(name));
  await pool.query('SELECT 1');
}, 120_000);

afterAll(async () => {
  for (const child of children) child.kill();
  for (const counter of counters) counter.close();
  await pool?.end();
  await metrics.stop();
});

/** A dial that takes long gets company: waits until no connection of the pool is under way any more, at most 10 s. */
async function dialled(): Promise<void> {
  for (let n = 0; n < 1_000 && pool.idleCount < pool.totalCount; n++)
    await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('while all is well', () => {
  it('twenty pools in four processes ask Patroni as often as four pools would', async () => {
    const asked = (): number => counters.reduce((sum, counter) => sum + counter.asked, 0);
    const before = asked();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const perSecond = (asked() - before) / (QUIET_MS / 1_000) / PROCESSES;
    console.log(`Patroni was asked ${perSecond.toFixed(2)} times a second and process`);
    expect(perSecond).toBeLessThan(0.6);
  });

  it('health is plain data with no secret in it', async () => {
    await dialled();
    const health = pool.health();
    expect(JSON.parse(JSON.stringify(health))).toEqual(health);
    expect(health).toMatchObject({
      ready: true,
      state: 'steady',
      generation: 1,
      waiting: 0,
      pool: { total: pool.totalCount, idle: pool.totalCount, max: 3, queued: 0 },
      breaker: 'closed',
    });
    expect(health.lastAnswerMs).toBeLessThan(60_000);
    expect(JSON.stringify(health)).not.toContain(held.lab.description.postgres?.password ?? 'none');
  });

  it('the channels tell of a query and of a transaction, and of what became of them', async () => {
    const told: object[] = [];
    const ends = ['query', 'transaction'].map((call) => channel(`tracing:steadfast:pg:${call}:asyncEnd`));
    const listener = (trace: unknown): void => void told.push(trace as object);
    for (const end of ends) end.subscribe(listener);
    await pool.query('SELECT $1::int', [1]);
    await pool.query('SELECT 1/0').catch(() => undefined);
    await pool.transaction(async (client) => client.query('SELECT 1'));
    for (const end of ends) end.unsubscribe(listener);
    await pool.query('SELECT 2');
    const member = `${pool.primary?.host}:${pool.primary?.port}`;
    expect(told).toMatchObject([
      { text: 'SELECT $1::int', outcome: 'ok', attempts: 1, member },
      { text: 'SELECT 1/0', outcome: 'rejected', attempts: 1, member },
      { text: undefined, outcome: 'ok', attempts: 1, member },
    ]);
  });

  it('the metrics have their standard names', async () => {
    await dialled();
    const read = await metrics.read();
    const pooled = { 'db.client.connection.pool.name': 'inbox' };
    expect(read.get('db.client.connection.count')).toEqual([
      { value: pool.totalCount, attributes: { ...pooled, 'db.client.connection.state': 'idle' } },
      { value: 0, attributes: { ...pooled, 'db.client.connection.state': 'used' } },
    ]);
    expect(read.get('db.client.connection.max')).toEqual([{ value: 3, attributes: pooled }]);
    expect(read.get('db.client.connection.create_time')).toMatchObject([{ attributes: pooled }]);
    const durations = read.get('db.client.operation.duration') ?? [];
    expect(durations.find(({ attributes }) => 'error.type' in attributes)?.attributes).toMatchObject({
      'db.system.name': 'postgresql',
      'db.operation.name': 'query',
      'error.type': '22012',
      'db.response.status_code': '22012',
      'steadfast.outcome': 'rejected',
      'server.port': pool.primary?.port,
    });
    expect(read.get('db.client.connection.use_time')?.[0]?.value).toHaveProperty('count');
    expect(read.get('steadfast.primary.followed')).toEqual([{ value: 1, attributes: pooled }]);
  });
});

describe('through a switchover', () => {
  it('is told once by events, log lines and metrics, and two hundred connections come back in step with nobody', async () => {
    const { epoch = 0, primary } = pool.health();
    await held.lab.fault('switchover');
    for (let n = 0; n < 2_000 && pool.health().generation < 2; n++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await pool.query('SELECT 1');
    expect(events.map(([name]) => name).filter((name) => name !== 'primaryRecovered')).toEqual([
      'primaryLost',
      'failover',
    ]);
    expect(events.at(-1)?.[1]).toMatchObject({
      previous: { endpoint: primary, epoch },
      next: { endpoint: pool.primary, epoch: epoch + 1 },
      generation: 2,
    });
    const failover = lines.find(({ event }) => event === 'failover');
    expect(failover).toMatchObject({
      level: 40,
      component: 'pg-ha',
      strategy: 'patroni',
      generation: 2,
      epoch: epoch + 1,
    });
    expect(JSON.stringify(lines)).not.toContain(held.lab.description.postgres?.password ?? 'none');
    const read = await metrics.read();
    expect(read.get('steadfast.failovers')?.[0]?.value).toBe(1);
    expect(read.get('steadfast.downtime')?.[0]?.value).toBeGreaterThan(0);
    await checkProcesses();
  });
});

/** All callers of all processes work again, and none of them has been refused for a connection too many. */
async function checkProcesses(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const reports = await Promise.all(
    children.map(async (child) => {
      const heard = once(child, 'message');
      child.send('stop');
      return ((await heard) as [Report])[0];
    }),
  );
  console.log(JSON.stringify(reports));
  for (const { errors, generations, queries, peakDials } of reports) {
    expect(errors).toEqual({});
    expect(new Set(generations)).toEqual(new Set([2]));
    expect(queries).toBeGreaterThan(0);
    // Five pools with two dials each, and room for a process that was late; without pacing it would be fifty.
    expect(peakDials).toBeLessThanOrEqual(25);
  }
}
