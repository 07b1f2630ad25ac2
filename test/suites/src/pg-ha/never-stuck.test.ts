import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HaPool, isHaError, outcomeOf } from '@steadfast/pg-ha';
import { withLab } from '../support/with-lab.ts';

const held = withLab({ redis: false, managed: false, haproxy: false, pgbouncer: false });

/** What a call came to, and after how long. */
interface Ending {
  outcome: string;
  code: string;
  ms: number;
}

async function ending(work: Promise<unknown>): Promise<Ending> {
  const started = performance.now();
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const ms = performance.now() - started;
  return { outcome: outcomeOf(error) ?? 'ok', code: isHaError(error) ? error.code : 'none', ms };
}

/** Scheduling on a busy machine; the promise is about not hanging, not about milliseconds. */
const SLACK_MS = 2_500;

describe('a client that is cut off from everybody', () => {
  it('has an answer for every call by its deadline, and works again when the cut is healed', async () => {
    const { lab } = held;
    await lab.waitHealthy(60_000);
    const pool = new HaPool({ failoverWaitMs: 4_000, max: 4, env: lab.env({ postgres: 'patroni' }) });
    await pool.query('CREATE TABLE cut_off (id text)');
    await Promise.all(Array.from({ length: 4 }, () => pool.query('SELECT pg_sleep(0.1)'))); // four connections stand
    const cut = await lab.fault('partition-clients');
    const insert = "INSERT INTO cut_off VALUES ('x')";
    try {
      const [query, transaction] = await Promise.all([
        ending(pool.query({ text: insert, deadlineMs: 1_000 })),
        ending(pool.transaction((client) => client.query(insert), { deadlineMs: 1_000 })),
      ]);
      expect(query).toMatchObject({ outcome: 'unknown', code: 'HA_DEADLINE' });
      expect(query.ms).toBeLessThan(1_000 + SLACK_MS);
      // BEGIN was what hung: nothing can have been applied, but that is for the server to know.
      expect(['unknown', 'rejected', 'notSent']).toContain(transaction.outcome);
      expect(transaction.ms).toBeLessThan(1_000 + SLACK_MS);

      // Two connections are left, more calls than that: some are sent and hang, some queue, some find no primary.
      const calls = await Promise.all(Array.from({ length: 8 }, () => ending(pool.query(insert))));
      for (const call of calls) {
        expect(['unknown', 'notSent']).toContain(call.outcome);
        expect(call.ms).toBeLessThan(4_000 + 4_000 + SLACK_MS);
      }
      expect(calls.some((call) => call.outcome === 'notSent')).toBe(true);
    } finally {
      await cut.heal();
    }
    // After so many vain waits the breaker may be open; finding the primary closes it, without anybody asking.
    await expect.poll(() => pool.health().ready, { timeout: 20_000 }).toBe(true);
    expect((await ending(pool.query('SELECT 1'))).outcome).toBe('ok');
    await pool.end();
  }, 90_000);
});

describe('a statement that was given up while the way was cut', () => {
  it('is not delivered by the kernel when the way is open again', async () => {
    const { lab } = held;
    await lab.waitHealthy(60_000);
    const pool = new HaPool({ env: lab.env({ postgres: 'patroni' }) });
    await pool.query('CREATE TABLE given_up (id text)');
    const cut = await lab.fault('partition-clients');
    const cutAt = performance.now();
    const given = await ending(pool.query({ text: "INSERT INTO given_up VALUES ('x')", deadlineMs: 700 }));
    await sleep(1_500); // for a second its server is asked to end it
    await cut.heal();
    const cutMs = performance.now() - cutAt;
    expect(given).toMatchObject({ outcome: 'unknown', code: 'HA_DEADLINE' });
    // The kernel's pauses double: by twice the time it has sent again what it was not told to forget.
    await sleep(cutMs + 1_000);
    expect((await pool.query('SELECT count(*) FROM given_up')).rows).toEqual([{ count: '0' }]);
    await pool.end();
  }, 90_000);
});

describe('a primary whose process is frozen', () => {
  it('ends a transaction at its deadline, and lets those go on that wait', async () => {
    const { lab } = held;
    await lab.waitHealthy(60_000);
    const pool = new HaPool({ failoverWaitMs: 30_000, env: lab.env({ postgres: 'patroni' }) });
    await pool.query('SELECT 1');
    const frozen = await lab.fault('freeze-postgres', { target: 'primary' });
    const bounded = await ending(
      pool.transaction((client) => client.query('SELECT 1'), { deadlineMs: 1_500, commitProof: false }),
    );
    expect(bounded.outcome).not.toBe('ok');
    expect(bounded.ms).toBeLessThan(1_500 + SLACK_MS);
    const waiting = ending(pool.query({ text: 'SELECT 1', idempotent: true }));
    await sleep(1_000);
    await frozen.heal();
    expect((await waiting).outcome).toBe('ok');
    await pool.end();
  }, 90_000);
});
