import { describe, expect, it } from 'vitest';
import { HaPool, type HaPoolOptions } from '@steadfast/pg-ha';
import { withPostgres } from '../support/with-postgres.ts';

const lone = withPostgres();

async function withPool(options: HaPoolOptions, run: (pool: HaPool) => Promise<void>): Promise<void> {
  const pool = new HaPool({ ...lone.config, env: {}, max: 1, prepare: 'auto', ...options });
  try {
    await run(pool);
  } finally {
    await pool.end();
  }
}

/** What is prepared on the pool's only connection. */
async function prepared(pool: HaPool): Promise<string[]> {
  const client = await pool.connect();
  const { rows } = await client.query<{ statement: string }>(
    `SELECT statement FROM pg_prepared_statements WHERE name LIKE 'steadfast%' ORDER BY prepare_time`,
  );
  client.release();
  return rows.map(({ statement }) => statement);
}

async function often(pool: HaPool, text: string, values?: unknown[]): Promise<unknown> {
  for (let n = 0; n < 6; n++) await pool.query(text, values);
  return (await pool.query<Record<string, unknown>>(text, values)).rows[0];
}

describe('statements that are run again and again', () => {
  it('are prepared once on a connection, and answer as before', async () => {
    await withPool({}, async (pool) => {
      expect(await often(pool, 'SELECT $1::int AS n, now() AS at', [1])).toMatchObject({
        n: 1,
        at: expect.any(Date) as Date,
      });
      expect(await often(pool, "SELECT 'x' AS a, NULL AS b")).toEqual({ a: 'x', b: null });
      await pool.query('SELECT 2');
      expect(await prepared(pool)).toEqual([
        'SELECT $1::int AS n, now() AS at',
        "SELECT 'x' AS a, NULL AS b",
      ]);
    });
  });

  it('are at most prepareMax, those used last', async () => {
    await withPool({ prepareMax: 2 }, async (pool) => {
      for (const n of [1, 2, 3]) await often(pool, `SELECT ${n}`);
      expect(await prepared(pool)).toEqual(['SELECT 2', 'SELECT 3']);
      expect(await often(pool, 'SELECT 1 AS one')).toEqual({ one: 1 });
    });
  });

  it('are run again where a table has got another shape, or the session has forgotten them', async () => {
    await withPool({}, async (pool) => {
      await pool.query('CREATE TABLE shape (id int); INSERT INTO shape VALUES (1)');
      expect(await often(pool, 'SELECT * FROM shape')).toEqual({ id: 1 });
      await pool.query("ALTER TABLE shape ADD b text DEFAULT 'b'");
      expect(await often(pool, 'SELECT * FROM shape')).toEqual({ id: 1, b: 'b' });
      await pool.query('DEALLOCATE ALL');
      expect(await often(pool, 'SELECT * FROM shape')).toEqual({ id: 1, b: 'b' });
      expect(await prepared(pool)).toEqual(['SELECT * FROM shape']);
    });
  });

  it('are so with many on one connection at once', async () => {
    await withPool({ pipelineDepth: 32 }, async (pool) => {
      await pool.query('CREATE TABLE many (id int); INSERT INTO many VALUES (1)');
      const ask = (): Promise<unknown[]> =>
        Promise.all(
          Array.from({ length: 200 }, () => pool.query('SELECT * FROM many').then(({ rows }) => rows[0])),
        );
      expect(new Set((await ask()).map((row) => JSON.stringify(row)))).toEqual(new Set(['{"id":1}']));
      await pool.query('ALTER TABLE many ADD b int');
      expect(new Set((await ask()).map((row) => JSON.stringify(row)))).toEqual(
        new Set(['{"id":1,"b":null}']),
      );
      await pool.query('DEALLOCATE ALL');
      expect(await ask()).toHaveLength(200);
    });
  });

  it('keep their errors', async () => {
    await withPool({ keepConnectionOnSqlError: true }, async (pool) => {
      for (let n = 0; n < 8; n++)
        await expect(pool.query('SELECT 1 / $1::int', [0])).rejects.toMatchObject({
          code: '22012',
          outcome: 'rejected',
        });
      expect(await often(pool, 'SELECT 1 / $1::int AS n', [1])).toEqual({ n: 1 });
    });
  });

  it('get no names behind a pooler', async () => {
    await withPool({ pooler: true }, async (pool) => {
      await often(pool, 'SELECT 1');
      expect(await prepared(pool)).toEqual([]);
    });
  });
});
