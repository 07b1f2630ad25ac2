import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HaPool, type Gap } from '@steadfast/pg-ha';
import { withLab } from '../support/with-lab.ts';
import { startWriters } from '../support/writers.ts';

const held = withLab({ redis: false, managed: false, haproxy: false, pgbouncer: false });

let pool: HaPool;

beforeAll(() => {
  pool = new HaPool({
    env: held.lab.env({ postgres: 'patroni' }),
    failoverWaitMs: 60_000,
    listenHeartbeatMs: 500,
  });
});
afterAll(() => pool.end());

function notify(channel: string, payload: string): Promise<unknown> {
  return pool.query({ text: 'SELECT pg_notify($1, $2)', values: [channel, payload], idempotent: true });
}

/** A notification whose sending was answered; times by the app's calendar, as gaps have them. */
interface Sent {
  payload: string;
  from: number;
  to: number;
}

/** Sends numbers, one after the other, until told to stop. */
function startSending(channel: string): { sent: Sent[]; stop(): Promise<void> } {
  const sent: Sent[] = [];
  let stopped = false;
  const running = (async () => {
    for (let n = 0; !stopped && n < 100_000; n++) {
      const from = Date.now();
      await notify(channel, String(n));
      sent.push({ payload: String(n), from, to: Date.now() });
      await sleep(5);
    }
  })();
  return {
    sent,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

describe('listening', () => {
  it('hears several channels on one connection, in order, whatever they are called', async () => {
    const heard: string[] = [];
    const name = 'Odd "name"';
    const plain = await pool.listen('plain', (payload, { channel, processId }) => {
      heard.push(`${channel} ${payload} ${processId > 0}`);
    });
    const odd = await pool.listen(name, (payload) => heard.push(payload));
    for (let n = 0; n < 5; n++) await notify('plain', String(n));
    await notify(name, 'odd');
    await expect.poll(() => heard.length).toBe(6);
    expect(heard.slice(0, 5)).toEqual([0, 1, 2, 3, 4].map((n) => `plain ${n} true`));
    const { rows } = await pool.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%LISTEN%' AND pid <> pg_backend_pid() AND usename = current_user",
    );
    expect(rows[0]?.n).toBeLessThanOrEqual(1);
    await plain.close();
    await notify('plain', 'unheard');
    await notify(name, 'last');
    await expect.poll(() => heard.at(-1)).toBe('last');
    expect(heard).not.toContain('plain unheard true');
    await odd.close();
  });

  it('lets one handler’s errors reach nobody else', async () => {
    const heard: string[] = [];
    const broken = await pool.listen('shared', () => {
      throw new Error('broken');
    });
    const rejecting = await pool.listen('shared', () => Promise.reject(new Error('rejecting')));
    const whole = await pool.listen('shared', (payload) => heard.push(payload));
    await notify('shared', '1');
    await notify('shared', '2');
    await expect.poll(() => heard).toEqual(['1', '2']);
    await Promise.all([broken, rejecting, whole].map((each) => each.close()));
  });

  it('is refused where nothing could be heard', async () => {
    await expect(pool.listen('x'.repeat(64), () => undefined)).rejects.toMatchObject({ code: 'HA_CONFIG' });
    await expect(pool.reader.listen('x', () => undefined)).rejects.toMatchObject({ code: 'HA_READ_ONLY' });
    const pooled = new HaPool({ env: held.lab.env({ postgres: 'patroni' }), pooler: true });
    await expect(pooled.listen('x', () => undefined)).rejects.toMatchObject({ code: 'HA_CONFIG' });
    await pooled.end();
    await expect(pooled.listen('x', () => undefined)).rejects.toMatchObject({ outcome: 'notSent' });
  });

  it('notices a half-open link, and tells from when to when it may have missed something', async () => {
    const { postgres } = held.lab.description;
    const { postgres: status } = await held.lab.status();
    const primary = postgres?.members.find(({ name }) => name === status?.primary);
    if (!primary) throw new Error('the lab has no primary');
    const link = await held.lab.proxy({ host: primary.host, port: primary.port });
    const env = held.lab.env({ postgres: 'single' });
    const options = { env, ...link.endpoint, listenHeartbeatMs: 200, probeTimeoutMs: 300 };
    const through = new HaPool(options);
    const gaps: Gap[] = [];
    const heard: string[] = [];
    const told: Gap[] = [];
    through.on('gap', (gap) => told.push(gap));
    await through.listen('half', (payload) => heard.push(payload), { onGap: (gap) => gaps.push(gap) });
    await notify('half', 'before');
    await expect.poll(() => heard).toEqual(['before']);
    await link.set({ halfOpen: true });
    const from = Date.now();
    await notify('half', 'missed');
    await sleep(1_000);
    await link.set({ halfOpen: false });
    await link.reset();
    await expect.poll(() => gaps.length, { timeout: 10_000 }).toBe(1);
    expect(gaps[0]).toMatchObject({ channel: 'half', reason: 'reconnected' });
    expect(gaps[0]?.from.getTime()).toBeLessThanOrEqual(from);
    expect(gaps[0]?.to.getTime()).toBeGreaterThanOrEqual(from + 1_000);
    expect(told).toEqual(gaps);
    await notify('half', 'after');
    await expect.poll(() => heard).toEqual(['before', 'after']);
    await through.end();
    await link.close();
  });
});

describe('listening through failovers', () => {
  it('misses nothing outside of the gaps it tells, and reads go on', { timeout: 150_000 }, async () => {
    await held.lab.waitHealthy(60_000);
    const heard: string[] = [];
    const gaps: Gap[] = [];
    const listening = await pool.listen('numbers', (payload) => heard.push(payload), {
      onGap: (gap) => gaps.push(gap),
    });
    await pool.reader.query('SELECT 1');
    const reads = startWriters(() => pool.reader.query('SELECT 1'), 20);
    const sending = startSending('numbers');
    try {
      for (const fault of ['switchover', 'crash'] as const) {
        await held.lab.waitHealthy(60_000);
        const { generation } = pool.health();
        const before = gaps.length;
        const made = await held.lab.fault(fault, { target: 'primary' });
        await expect.poll(() => pool.health().generation, { timeout: 60_000 }).toBeGreaterThan(generation);
        await expect.poll(() => gaps.length, { timeout: 10_000 }).toBeGreaterThan(before);
        const count = heard.length;
        await expect.poll(() => heard.length, { timeout: 10_000 }).toBeGreaterThan(count + 20);
        await made.heal();
      }
    } finally {
      await sending.stop();
      await reads.stop(20_000);
    }
    await notify('numbers', 'last');
    await expect.poll(() => heard.at(-1), { timeout: 10_000 }).toBe('last');

    const missed = sending.sent.filter(({ payload }) => !heard.includes(payload));
    const untold = missed.filter(
      ({ from, to }) => !gaps.some((gap) => gap.from.getTime() <= to && from <= gap.to.getTime()),
    );
    console.log(`${sending.sent.length} sent, ${missed.length} missed, in ${gaps.length} gaps`);
    expect(untold).toEqual([]);
    const numbers = heard.slice(0, -1).map(Number);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
    expect(new Set(reads.writes.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
    await listening.close();
  });
});
