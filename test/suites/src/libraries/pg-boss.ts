import { createProofTable, type HaPool } from '@steadfast/pg-ha';
import { PgBoss } from 'pg-boss';
import { expect } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { expectHonest, expectNoError, GRACE_MS, type Library } from './library.ts';

/** Jobs are sent and worked all the time; each that was acknowledged is worked at least once. */
export const withPgBoss: Library<HaPool> = {
  name: 'pg-boss',
  async begin(connect, run) {
    const pool = connect();
    const boss = new PgBoss({
      db: { executeSql: (text, values) => pool.query(text, values) },
      schema: `boss_${run}`,
    });
    const errors: unknown[] = [];
    boss.on('error', (error) => errors.push(error));
    await boss.start();
    await boss.createQueue('jobs', { retryLimit: 10, retryDelay: 0, expireInSeconds: 5 });
    const worked: string[] = [];
    await boss.work<{ id: string }>('jobs', { pollingIntervalSeconds: 0.5, batchSize: 50 }, (jobs) => {
      worked.push(...jobs.map(({ data }) => data.id));
      return Promise.resolve();
    });

    const sends = startWriters((id) => boss.send('jobs', { id }), 40);
    // With rows of the app's own, exactly once: the job is sent on the transaction's client.
    await createProofTable(pool);
    const ordered = startWriters(
      (id) =>
        pool.transaction(
          (client) =>
            boss.send(
              'jobs',
              { id: `ordered-${id}` },
              { db: { executeSql: (text, values) => client.query(text, values) } },
            ),
          { commitProof: true },
        ),
      60,
    );
    const all = [sends, ordered];
    return {
      worksAfter: (since) => Promise.all(all.map((one) => one.acknowledgedAfter(since, GRACE_MS))),
      async expectRight(mayFail) {
        await Promise.all(all.map((one) => one.stop(GRACE_MS)));
        expectNoError(ordered);
        const { rows } = await pool.query<{ id: string }>(
          `SELECT substr(data->>'id', 9) AS id FROM boss_${run}.job WHERE data->>'id' LIKE 'ordered-%'`,
        );
        expectHonest(
          ordered.writes,
          rows.map(({ id }) => id),
          0,
        );
        const acknowledged = sends.writes.filter(({ outcome }) => outcome === 'ok').map(({ id }) => id);
        const missing = (): string[] => {
          const done = new Set(worked);
          return acknowledged.filter((id) => !done.has(id));
        };
        await expect.poll(missing, { timeout: GRACE_MS, interval: 100 }).toEqual([]);
        // A job may be worked twice: when the answer to its completion is lost, pg-boss promises at least once.
        expectHonest(
          sends.writes,
          [...new Set(worked)].filter((id) => !id.startsWith('ordered-')),
          mayFail,
        );
        await boss.stop({ graceful: false });
        await pool.end();
      },
    };
  },
};
