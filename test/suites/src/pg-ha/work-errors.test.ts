import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { HaError, HaPool, type HaPoolOptions } from '@steadfast/pg-ha';
import { withPostgres } from '../support/with-postgres.ts';

const lone = withPostgres();

async function withPool(options: HaPoolOptions, run: (pool: HaPool) => Promise<void>): Promise<void> {
  const pool = new HaPool({ ...lone.config, env: {}, ...options });
  try {
    await run(pool);
  } finally {
    await pool.end();
  }
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ succeeded: value }),
    (error: unknown) => error,
  );

describe('an error that speaks of another server, or of another database', () => {
  it('is the statement’s own: nothing is repeated, and nobody waits', async () => {
    await withPool({}, async (pool) => {
      expect(await failure(pool.query('DROP DATABASE nowhere'))).toMatchObject({
        code: '3D000',
        outcome: 'rejected',
      });
      await pool.query(`CREATE SEQUENCE raised; CREATE FUNCTION raise(code text) RETURNS int LANGUAGE plpgsql AS
        $$ BEGIN PERFORM nextval('raised'); RAISE EXCEPTION 'as a foreign server says it' USING ERRCODE = code; END $$`);
      const codes = ['08001', '08006', '53300', '57P01', '57P03'];
      for (const code of codes) {
        expect(await failure(pool.query('SELECT raise($1)', [code]))).toMatchObject({ code });
        const work = pool.transaction((client) => client.query('SELECT raise($1)', [code]));
        expect(await failure(work)).toMatchObject({ code, outcome: 'rejected' });
      }
      const { rows } = await pool.query<{ n: number }>('SELECT last_value::int AS n FROM raised');
      expect(rows[0]?.n).toBe(2 * codes.length);
    });
  });
});

describe('an error of another client, thrown in a transaction', () => {
  it('is passed on as it is, and the transaction is not run again', async () => {
    await withPool({}, async (pool) => {
      const lost = new HaError('HA_CONNECTION_LOST', 'of another server', { outcome: 'unknown' });
      let runs = 0;
      const work = pool.transaction(async () => {
        runs += 1;
        throw lost;
      });
      expect(await failure(work)).toBe(lost);
      expect([runs, lost.outcome]).toEqual([1, 'unknown']);
    });
  });
});

it('values that are no array are refused as pg refuses them', async () => {
  const stock = new pg.Pool(lone.config);
  await withPool({}, async (pool) => {
    const ask = (db: pg.Pool): Promise<unknown> =>
      failure(db.query('SELECT 1', 'one' as unknown as unknown[]));
    expect(String(await ask(pool))).toBe(String(await ask(stock)));
  });
  await stock.end();
});

it('a pool that joins others on a cluster knows the primary from the start', async () => {
  const { host, port } = lone.server;
  const settings = { strategy: 'hosts', hosts: `127.0.0.1:1,${host}:${port}` } as const;
  await withPool(settings, async (pool) => {
    await pool.query('SELECT 1');
    await withPool(settings, async (joined) => {
      expect(joined.options).toMatchObject({ host, port });
    });
  });
});
