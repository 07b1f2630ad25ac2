import type { HaPool } from '@steadfast/pg-ha';
import { outcomeOf } from '@steadfast/shared';
import type { Readable } from 'node:stream';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { expect } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { GRACE_MS, type Library } from './library.ts';

const ROWS = 500;
const SERIES = `SELECT generate_series(1, ${ROWS})::int AS n`;

/** Long answers in pieces: one that is cut off ends with an error, and never as if it had been whole. */
export const withStreams: Library<HaPool> = {
  name: 'pg-cursor and pg-query-stream',
  async begin(connect) {
    const pool = connect();
    const readCursor = async (): Promise<number> => {
      const client = await pool.connect();
      try {
        const cursor = client.query(new Cursor<{ n: number }>(SERIES));
        let sum = 0;
        for (;;) {
          const rows = await cursor.read(100);
          if (rows.length === 0) break;
          for (const { n } of rows) sum += n;
        }
        await cursor.close();
        return sum;
      } finally {
        client.release();
      }
    };
    const readStream = async (): Promise<number> => {
      const client = await pool.connect();
      try {
        let sum = 0;
        const stream: Readable = client.query(new QueryStream(SERIES, [], { batchSize: 100 }));
        for await (const row of stream) sum += (row as { n: number }).n;
        return sum;
      } finally {
        client.release();
      }
    };
    const sums: number[] = [];
    const cursors = startWriters(async () => sums.push(await readCursor()), 50);
    const streams = startWriters(async () => sums.push(await readStream()), 50);
    const all = [cursors, streams];
    return {
      worksAfter: (since) => Promise.all(all.map((one) => one.acknowledgedAfter(since, GRACE_MS))),
      async expectRight(mayFail) {
        await Promise.all(all.map((one) => one.stop(GRACE_MS)));
        expect(new Set(sums)).toEqual(new Set([(ROWS * (ROWS + 1)) / 2]));
        const failed = all.flatMap(({ writes }) => writes.filter(({ outcome }) => outcome !== 'ok'));
        expect(failed.map(({ error }) => outcomeOf(error))).not.toContain(undefined);
        expect(failed.length).toBeLessThanOrEqual(mayFail);
        await expectTold(pool);
        expect(pool.totalCount - pool.idleCount, 'connections that were never given back').toBe(0);
        await pool.end();
      },
    };
  },
};

/** Whoever reads from a link that has gone is told so, and may close what he has opened. */
async function expectTold(pool: HaPool): Promise<void> {
  const client = await pool.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const cursor = client.query(new Cursor(SERIES));
  await cursor.read(10);
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
  await expect(cursor.read(10)).rejects.toThrow(/terminat|link/);
  await cursor.close();
  client.release();
}
