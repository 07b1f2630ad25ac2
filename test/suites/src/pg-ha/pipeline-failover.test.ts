import { describe, expect, it } from 'vitest';
import { monotonicMs, type FaultName } from '@steadfast/lab';
import { HaPool } from '@steadfast/pg-ha';
import { withLab } from '../support/with-lab.ts';
import { judge, startWriters } from '../support/writers.ts';

const held = withLab({ redis: false, managed: false, haproxy: false, pgbouncer: false });

const CONNECTIONS = 2;
const DEPTH = 16;

describe('statements that share connections, through a failover with synchronous replication', () => {
  const faults: FaultName[] = ['switchover', 'crash'];
  it.each(faults)('%s: nothing acknowledged is lost, nothing is doubled, nothing is stuck', async (fault) => {
    const { lab } = held;
    await lab.waitHealthy(60_000);
    const observers = await lab.observe();
    const env = lab.env({ postgres: 'patroni' });
    const pool = new HaPool({
      failoverWaitMs: 60_000,
      max: CONNECTIONS,
      pipelineDepth: DEPTH,
      prepare: 'auto',
      env,
    });
    try {
      const table = `shared_${fault}`;
      await pool.query(`CREATE TABLE ${table} (id text)`); // no key: a doubled write must be able to show
      const insert = `INSERT INTO ${table} VALUES ($1)`;
      const writers = startWriters((id) => pool.query(insert, [id]), 3);
      const reads = startWriters(() => pool.query({ text: 'SELECT 1', idempotent: true }), 10);
      const owners = startWriters(
        (id) => pool.transaction((client) => client.query(insert, [`t-${id}`])),
        50,
      );
      await owners.acknowledgedAfter(0, 10_000);
      const since = monotonicMs();
      const made = await lab.fault(fault, { target: 'primary' });
      const promoted = await observers.waitFor(
        { kind: 'pg-writable', since, notMember: made.target },
        60_000,
      );
      await writers.acknowledgedAfter(promoted.at, 20_000);
      await owners.acknowledgedAfter(promoted.at, 20_000);
      await Promise.all([writers, reads, owners].map((load) => load.stop(20_000)));
      await made.heal();

      const { rows } = await pool.query<{ id: string }>(`SELECT id FROM ${table}`);
      const ids = rows.map(({ id }) => id).filter((id) => !id.startsWith('t-'));
      const { outcomes, ...found } = judge(writers.writes, ids);
      expect(found).toEqual({ lost: [], doubled: [], unexpected: [] });
      expect(outcomes['unknown'] ?? 0).toBeLessThanOrEqual(CONNECTIONS * DEPTH);
      expect(Object.keys(outcomes).filter((outcome) => outcome !== 'ok' && outcome !== 'unknown')).toEqual(
        [],
      );
      expect(new Set(reads.writes.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
    } finally {
      await pool.end();
      await observers.stop();
    }
  });
});
