import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { monotonicMs, type FaultName, type Lab, type ObserverEvent, type Observers } from '@steadfast/lab';
import { createProofTable, HaPool, type PoolHealth } from '@steadfast/pg-ha';
import { withLab } from '../support/with-lab.ts';
import { judge, startWriters, type Verdict } from '../support/writers.ts';

const held = withLab({ redis: false });

interface Row {
  fault: FaultName;
  strategy: 'patroni' | 'haproxy' | 'hosts' | 'managed';
  /** longest outage that the lab's settings allow for this fault, ms */
  withinMs: number;
}
const rows: Row[] = [
  { fault: 'switchover', strategy: 'patroni', withinMs: 30_000 },
  { fault: 'switchover', strategy: 'haproxy', withinMs: 40_000 },
  { fault: 'switchover', strategy: 'hosts', withinMs: 30_000 },
  { fault: 'switchover', strategy: 'managed', withinMs: 40_000 },
  { fault: 'partition', strategy: 'patroni', withinMs: 60_000 },
];

const CLEAN = { lost: [], doubled: [], unexpected: [] };

describe('through a failover with synchronous replication', () => {
  for (const row of rows) {
    const name = `${row.strategy}, ${row.fault}: nothing acknowledged is lost, nothing is doubled, nothing is stuck`;
    it(name, { timeout: 180_000 }, async () => {
      const { lab } = held;
      await lab.waitHealthy(60_000);
      const observers = await lab.observe();
      const dns = lab.description.postgres?.managed?.dnsServer ?? '';
      const env = { ...lab.env({ postgres: row.strategy }), PG_HA_DNS_SERVERS: dns };
      const pool = new HaPool({ failoverWaitMs: 60_000, env });
      try {
        const { proven, single, plain, reads, before, after } = await runRow(row, lab, observers, pool);
        // With a proof, and with a deadline longer than the outage, no error is left at all.
        expect(proven).toMatchObject(CLEAN);
        expect(Object.keys(proven.outcomes)).toEqual(['ok']);
        expect(single).toMatchObject(CLEAN);
        expect(Object.keys(single.outcomes)).toEqual(['ok']);
        expect(reads).toEqual(new Set(['ok']));
        // Of plain writes only what was in flight at the fault is unknown: never more than the pool has connections.
        const { ok = 0, unknown = 0, ...others } = plain.outcomes;
        expect(plain).toMatchObject(CLEAN);
        expect(others).toEqual({});
        expect(ok).toBeGreaterThan(0);
        expect(unknown).toBeLessThanOrEqual(pool.options.max);
        expect(after.generation).toBeGreaterThan(before.generation);
        expect(after.epoch ?? 0).toBeGreaterThan(before.epoch ?? 0);
        expect(pool.options.host).toBe(pool.primary?.host);
        expect(pool).toBeInstanceOf(pg.Pool);
      } finally {
        await pool.end();
        await observers.stop();
      }
    });
  }
});

interface Report {
  proven: Verdict;
  single: Verdict;
  plain: Verdict;
  reads: Set<string>;
  before: PoolHealth;
  after: PoolHealth;
}

/** When the new primary could be reached by this strategy: HAProxy must route to it, the provider's name must point to it. */
async function reachable(
  strategy: Row['strategy'],
  observers: Observers,
  since: number,
  promoted: ObserverEvent,
): Promise<number> {
  const kinds = { haproxy: 'haproxy-routes', managed: 'dns-says' } as const;
  if ((strategy !== 'haproxy' && strategy !== 'managed') || !('member' in promoted)) return promoted.at;
  const { at } = await observers.waitFor({ kind: kinds[strategy], since, member: promoted.member }, 30_000);
  return Math.max(at, promoted.at);
}

/** Four open loops through one fault: transactions and single statements with a proof, plain inserts, idempotent reads. */
async function runRow(
  { fault, strategy, withinMs }: Row,
  lab: Lab,
  observers: Observers,
  pool: HaPool,
): Promise<Report> {
  const table = `run_${strategy}_${fault}`.replaceAll('-', '_');
  await pool.query(`CREATE TABLE ${table} (id text)`); // no key: a doubled write must be able to show
  await createProofTable(pool);
  const before = pool.health();
  const insert = `INSERT INTO ${table} VALUES ($1)`;
  const proven = startWriters((id) =>
    pool.transaction((client) => client.query(insert, [`p-${id}`]), { commitProof: true }),
  );
  const single = startWriters(
    (id) => pool.query({ text: insert, values: [`s-${id}`], commitProof: true }),
    20,
  );
  const plain = startWriters((id) => pool.query(insert, [`q-${id}`]));
  const reads = startWriters(() => pool.query({ text: 'SELECT 1', idempotent: true }));
  await proven.acknowledgedAfter(0, 10_000);

  const since = monotonicMs();
  const made = await lab.fault(fault, { target: 'primary' });
  const promoted = await observers.waitFor({ kind: 'pg-writable', since, notMember: made.target }, withinMs);
  const reachableAt = await reachable(strategy, observers, since, promoted);
  const first = await proven.acknowledgedAfter(promoted.at, 20_000);
  const ms = [promoted.at - since, reachableAt - since, first.ended - reachableAt].map(Math.round);
  console.log(
    `${strategy} ${fault}: promoted after ${ms[0]} ms, reachable after ${ms[1]} ms, first write ${ms[2]} ms later`,
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  await Promise.all([proven, single, plain, reads].map((writers) => writers.stop(20_000)));
  await made.heal();

  const { rows: found } = await pool.query<{ id: string }>(`SELECT id FROM ${table}`);
  const own = (prefix: string): string[] =>
    found.filter(({ id }) => id.startsWith(prefix)).map(({ id }) => id.slice(prefix.length));
  return {
    proven: judge(proven.writes, own('p-')),
    single: judge(single.writes, own('s-')),
    plain: judge(plain.writes, own('q-')),
    reads: new Set(reads.writes.map((read) => read.outcome)),
    before,
    after: pool.health(),
  };
}
