import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createProofTable, HaPool, type HaPoolOptions } from '@steadfast/pg-ha';
import { withLab } from '../support/with-lab.ts';

const held = withLab({ redis: false, managed: false, haproxy: false, pgbouncer: false });

/** A pool that is ended after the test, whatever happens in it. */
async function withPool(options: HaPoolOptions, run: (pool: HaPool) => Promise<void>): Promise<void> {
  const pool = new HaPool({ ...options, env: held.lab.env({ postgres: 'patroni' }) });
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

describe('what a caller ends stays ended', () => {
  it('an aborted transaction is not run again, and not committed', async () => {
    await withPool({}, async (pool) => {
      await pool.query('CREATE TABLE aborted (id int)');
      let runs = 0;
      const work = pool.transaction(
        async (client) => {
          runs += 1;
          await client.query('INSERT INTO aborted VALUES (1)');
          await client.query('SELECT pg_sleep(5)');
        },
        { signal: AbortSignal.timeout(200) },
      );
      expect(await failure(work)).toMatchObject({ code: 'HA_ABORTED', outcome: 'rejected' });
      expect(runs).toBe(1);
      expect((await pool.query('SELECT * FROM aborted')).rowCount).toBe(0);
    });
  });

  it('one that was aborted before it began does nothing', async () => {
    await withPool({}, async (pool) => {
      let runs = 0;
      const work = pool.transaction(() => Promise.resolve((runs += 1)), { signal: AbortSignal.abort() });
      expect(await failure(work)).toMatchObject({ code: 'HA_ABORTED', outcome: 'notSent' });
      expect(runs).toBe(0);
    });
  });

  it('an aborted statement is not repeated, idempotent or not', async () => {
    await withPool({}, async (pool) => {
      await pool.query('SELECT 1'); // a connection stands
      const started = performance.now();
      const query = { text: 'SELECT pg_sleep(4)', idempotent: true, signal: AbortSignal.timeout(200) };
      expect(await failure(pool.query(query))).toMatchObject({ code: 'HA_ABORTED' });
      expect(performance.now() - started).toBeLessThan(3_000);
    });
  });

  it('a transaction that waits for a connection of a full pool ends at its deadline', async () => {
    await withPool({ max: 1 }, async (pool) => {
      const held = await pool.connect();
      const work = pool.transaction(() => Promise.resolve(), { deadlineMs: 200 });
      expect(await failure(work)).toMatchObject({ code: 'HA_DEADLINE', outcome: 'notSent' });
      held.release();
      expect((await pool.query('SELECT 1')).rowCount).toBe(1);
    });
  });
});

describe('a cancel request', () => {
  it('takes the same TLS as the connection that it is for', async () => {
    const ssl = { ca: await readFile(held.lab.description.postgres?.tls.caFile ?? '') };
    await withPool({ ssl, max: 1 }, async (pool) => {
      const pid = async (): Promise<unknown> => (await pool.query('SELECT pg_backend_pid()')).rows;
      const before = await pid();
      expect((await pool.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).rows).toEqual([
        { ssl: true },
      ]);
      const work = pool.query({ text: 'SELECT pg_sleep(30)', deadlineMs: 300 });
      expect(await failure(work)).toMatchObject({ code: 'HA_DEADLINE' });
      expect(await pid()).toEqual(before); // it was taken: the connection is clean, and not closed
    });
  });
});

describe('what looks like success and is none', () => {
  it('COMMIT answered with ROLLBACK is an error', async () => {
    await withPool({}, async (pool) => {
      await pool.query('CREATE TABLE swallowed (id int PRIMARY KEY)');
      const work = pool.transaction(async (client) => {
        await client.query('INSERT INTO swallowed VALUES (1)');
        await client.query('INSERT INTO swallowed VALUES (1)').catch(() => undefined);
      });
      expect(await failure(work)).toMatchObject({ code: 'HA_ROLLED_BACK', outcome: 'rejected' });
      expect((await pool.query('SELECT * FROM swallowed')).rowCount).toBe(0);
    });
  });

  it('a procedure that committed a part before its connection was ended is not run again', async () => {
    await withPool({}, async (pool) => {
      await pool.query('CREATE TABLE partly (id int)');
      await pool.query(
        'CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO partly VALUES (1); COMMIT; PERFORM pg_sleep(5); END $$',
      );
      const work = failure(pool.query('CALL work()'));
      await expect.poll(async () => (await pool.query('SELECT * FROM partly')).rowCount).toBe(1);
      await pool.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'CALL work()' AND pid <> pg_backend_pid()",
      );
      expect(await work).toMatchObject({ outcome: 'unknown' });
      expect((await pool.query('SELECT * FROM partly')).rowCount).toBe(1);
    });
  });
});

describe('what pg refuses by itself', () => {
  it('a value that cannot be bound is one error, rejected, and the pool lives on', async () => {
    await withPool({}, async (pool) => {
      const circular: Record<string, unknown> = {};
      circular['self'] = circular;
      expect(await failure(pool.query('SELECT $1::json', [circular]))).toMatchObject({ outcome: 'rejected' });
      expect((await pool.query('SELECT 1')).rowCount).toBe(1);
    });
  });

  it('a write in a transaction that is read-only by wish is the server’s own error, at once', async () => {
    await withPool({}, async (pool) => {
      await pool.query('CREATE TABLE readers (id int)');
      let runs = 0;
      const write = pool.transaction(
        (client) => {
          runs += 1;
          return client.query('INSERT INTO readers VALUES (1)');
        },
        { readOnly: true },
      );
      expect(await failure(write)).toMatchObject({ code: '25006', outcome: 'rejected' });
      expect(runs).toBe(1);
      const both = pool.transaction(() => Promise.resolve(), { readOnly: true, commitProof: true });
      expect(await failure(both)).toMatchObject({ code: 'HA_CONFIG' });
    });
  });

  it('a primary that is read-only to us is believed after a few tries', async () => {
    await withPool({ options: '-c default_transaction_read_only=on' }, async (pool) => {
      const write = pool.query('CREATE TABLE never (id int)');
      expect(await failure(write)).toMatchObject({ code: '25006', outcome: 'rejected' });
    });
  });
});

describe('what an app may have set up', () => {
  it('type parsers that turn everything into text do not hide who is primary', async () => {
    const types = {
      getTypeParser: () => (value: string | Buffer) => value,
    } as unknown as HaPoolOptions['types'];
    await withPool({ ...(types && { types }), failoverWaitMs: 5_000 }, async (pool) => {
      expect((await pool.query<{ x: string }>('SELECT 1 AS x')).rows[0]?.x).toBe('1');
    });
  });

  it('end() twice is an error for its callback, and nothing worse', async () => {
    const pool = new HaPool({ env: held.lab.env({ postgres: 'patroni' }) });
    await pool.query('SELECT 1');
    await pool.end();
    const error = await new Promise((resolve) => {
      (pool.end as (callback: (thrown?: unknown) => void) => void)(resolve);
    });
    expect(String(error)).toContain('end on pool more than once');
  });

  it('callbacks, events, counters and errors are those of pg.Pool', async () => {
    await withPool({ max: 2 }, async (pool) => {
      const events: string[] = [];
      for (const event of ['connect', 'acquire', 'release', 'remove'] as const)
        pool.on(event, () => events.push(event));
      const rows = await new Promise((resolve, reject) => {
        pool.query('SELECT $1::int AS x', [7], (error, result) =>
          error ? reject(error) : resolve(result.rows),
        );
      });
      expect(rows).toEqual([{ x: 7 }]);
      expect(events).toEqual(['connect', 'acquire', 'release']);
      expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1, 1, 0]);
      await failure(createProofTable(pool).then(() => pool.query('SELECT * FROM nowhere')));
      await expect.poll(() => events.at(-1)).toBe('remove'); // stock pg-pool closes after an SQL error, so do we
    });
  });
});
