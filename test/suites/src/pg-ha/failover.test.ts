import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { monotonicMs, type FaultName, type Lab, type Observers } from '@steadfast/lab';
import { createProofTable, HaPool } from '@steadfast/pg-ha';
import { withLab } from '../support/with-lab.ts';
import { judge, startWriters } from '../support/writers.ts';

const held = withLab({ redis: false, managed: false });

interface Row {
  fault: FaultName;
  strategy: 'patroni' | 'haproxy';
  /** longest outage that the lab's settings allow for this fault, ms */
  withinMs: number;
}
const rows: Row[] = [
  { fault: 'switchover', strategy: 'patroni', withinMs: 30_000 },
  { fault: 'switchover', strategy: 'haproxy', withinMs: 40_000 },
  { fault: 'crash', strategy: 'patroni', withinMs: 60_000 },
  { fault: 'partition', strategy: 'patroni', withinMs: 60_000 },
  { fault: 'freeze', strategy: 'patroni', withinMs: 60_000 },
];

describe('through a failover with synchronous replication', () => {
  for (const { fault, strategy, withinMs } of rows) {
    it(
      `${strategy}, ${fault}: nothing acknowledged is lost, nothing is doubled, nothing is stuck`,
      { timeout: 180_000 },
      async () => {
        const { lab } = held;
        await lab.waitHealthy(60_000);
        const observers = await lab.observe();
        const pool = new HaPool({ failoverWaitMs: 60_000 }, lab.env({ postgres: strategy }));
        try {
          await runRow({ fault, strategy, withinMs }, lab, observers, pool);
        } finally {
          await pool.end();
          await observers.stop();
        }
      },
    );
  }
});

async function runRow(
  { fault, strategy, withinMs }: Row,
  lab: Lab,
  observers: Observers,
  pool: HaPool,
): Promise<void> {
  const table = `run_${strategy}_${fault}`.replaceAll('-', '_');
  await pool.query(`CREATE TABLE ${table} (id text)`); // no key: a doubled write must be able to show
  await createProofTable(pool);
  const before = pool.health();
  const proven = startWriters((id) =>
    pool.transaction((client) => client.query(`INSERT INTO ${table} VALUES ($1)`, [`p-${id}`]), {
      commitProof: true,
    }),
  );
  const plain = startWriters((id) => pool.query(`INSERT INTO ${table} VALUES ($1)`, [`q-${id}`]));
  const reads = startWriters(() => pool.query({ text: 'SELECT 1', idempotent: true }));
  await proven.acknowledgedAfter(0, 10_000);
  const since = monotonicMs();
  const made = await lab.fault(fault, { target: 'primary' });
  const promoted = await observers.waitFor({ kind: 'pg-writable', since, notMember: made.target }, withinMs);
  const first = await proven.acknowledgedAfter(promoted.at, 20_000);
  console.log(
    `${strategy} ${fault}: promoted after ${Math.round(promoted.at - since)} ms, first write ${Math.round(first.ended - promoted.at)} ms later`,
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  await Promise.all([proven.stop(20_000), plain.stop(20_000), reads.stop(20_000)]);
  await made.heal();

  const found = await pool.query<{ id: string }>(`SELECT id FROM ${table}`);
  const ids = found.rows.map((row) => row.id);
  const own = (prefix: string): string[] =>
    ids.filter((id) => id.startsWith(prefix)).map((id) => id.slice(2));
  // With a proof and a deadline longer than the outage no error is left at all.
  const clean = { lost: [], doubled: [], unexpected: [] };
  expect(judge(proven.writes, own('p-'))).toEqual({ ...clean, outcomes: { ok: proven.writes.length } });
  const verdict = judge(plain.writes, own('q-'));
  expect(verdict).toMatchObject(clean);
  expect(
    Object.keys(verdict.outcomes).filter((outcome) => outcome !== 'ok' && outcome !== 'unknown'),
  ).toEqual([]);
  // Only what was in flight at the fault may be unknown: never more than the pool has connections.
  expect(verdict.outcomes['unknown'] ?? 0).toBeLessThanOrEqual(pool.options.max);
  expect(new Set(reads.writes.map((read) => read.outcome))).toEqual(new Set(['ok']));
  const after = pool.health();
  expect(after.generation).toBeGreaterThan(before.generation);
  expect(after.epoch ?? 0).toBeGreaterThan(before.epoch ?? 0);
  expect(pool.options.host).toBe(pool.primary?.host);
  expect(pool).toBeInstanceOf(pg.Pool);
}
