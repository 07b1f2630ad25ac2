import { describe, expect, it } from 'vitest';
import pg from 'pg';
import { HaPool, type HaPoolOptions } from '@steadfast/pg-ha';
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

/** What the server is doing for others than the one who asks, apart from what it does for itself. */
async function running(pattern: string): Promise<number> {
  const client = new pg.Client(lone.config);
  await client.connect();
  const { rows } = await client.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE state <> 'idle' AND query LIKE $1 AND pid <> pg_backend_pid()`,
    [pattern],
  );
  await client.end();
  return rows[0]?.n ?? -1;
}

const pidOf = async (pool: HaPool): Promise<number | undefined> =>
  (await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;

describe('pain 10: a statement is cancelled on the server', () => {
  it('at its deadline: nothing of it was applied, and its connection serves the next one', async () => {
    await withPool({ max: 1 }, async (pool) => {
      const pid = await pidOf(pool);
      const text = 'SELECT pg_sleep(31)';
      // The caller waits 40 ms for the last word: on a busy machine it may take longer, and not every time.
      await expect
        .poll(() => failure(pool.query({ text, deadlineMs: 100 })), { timeout: 5_000 })
        .toMatchObject({ code: 'HA_DEADLINE', outcome: 'rejected', cause: { code: '57014' } });
      await expect.poll(() => running('%pg_sleep(31)%')).toBe(0);
      expect(await pidOf(pool)).toBe(pid);
    });
  });

  it('by its caller’s signal', async () => {
    await withPool({}, async (pool) => {
      await pool.query('SELECT 1');
      const aborter = new AbortController();
      const work = failure(pool.query({ text: 'SELECT pg_sleep(32)', signal: aborter.signal }));
      await expect.poll(() => running('%pg_sleep(32)%')).toBe(1);
      aborter.abort('left');
      expect(await work).toMatchObject({ code: 'HA_ABORTED' });
      await expect.poll(() => running('%pg_sleep(32)%')).toBe(0);
    });
  });

  it('and in a transaction, whose locks are let go at once', async () => {
    await withPool({}, async (pool) => {
      await pool.query('CREATE TABLE locked (id int)');
      const work = pool.transaction(
        async (client) => {
          await client.query('LOCK TABLE locked');
          await client.query('SELECT pg_sleep(33)');
        },
        { deadlineMs: 200 },
      );
      expect(await failure(work)).toMatchObject({ code: 'HA_DEADLINE', outcome: 'rejected' });
      await pool.query({ text: 'INSERT INTO locked VALUES (1)', deadlineMs: 5_000 });
      await expect.poll(() => running('%pg_sleep(33)%')).toBe(0);
    });
  });

  it('unless it waits behind what the app runs on each new connection: then nothing of it was sent', async () => {
    const lock = new pg.Client(lone.config);
    await lock.connect();
    await lock.query('CREATE TABLE behind (id int); SELECT pg_advisory_lock(77)');
    await withPool({ max: 1 }, async (pool) => {
      const first: Promise<unknown>[] = [];
      pool.on('connect', (client) => {
        first.push(failure(client.query('SELECT pg_advisory_lock(77)')));
      });
      const work = failure(pool.query({ text: 'INSERT INTO behind VALUES (1)', deadlineMs: 400 }));
      expect(await work).toMatchObject({ code: 'HA_DEADLINE', outcome: 'notSent' });
      expect(first.length).toBe(1);
      await lock.query('SELECT pg_advisory_unlock(77)');
      expect((await pool.query('SELECT * FROM behind')).rows).toEqual([]);
    });
    await lock.end();
  });

  it('a hundred times in a row, and hits no other statement', async () => {
    await withPool({ max: 2 }, async (pool) => {
      await Promise.all([pool.query('SELECT pg_sleep(0.05)'), pool.query('SELECT pg_sleep(0.05)')]); // both stand
      const ends = new Set<string>();
      for (let n = 0; n < 100; n++) {
        const [cut, next] = await Promise.all([
          failure(pool.query({ text: 'SELECT pg_sleep(0.02)', deadlineMs: 19 + (n % 3) })),
          pool.query<{ n: number }>('SELECT $1::int AS n', [n]),
        ]);
        expect(next.rows[0]?.n).toBe(n);
        ends.add('succeeded' in (cut as object) ? 'in time' : (cut as { code: string }).code);
      }
      expect([...ends].filter((end) => end !== 'in time' && end !== 'HA_DEADLINE')).toEqual([]);
    });
  });
});

describe('a deadline', () => {
  /** How long after the deadline the caller was told, ms. */
  async function lateness(deadlineMs: number, work: () => Promise<unknown>): Promise<[unknown, number]> {
    const started = performance.now();
    const error = await failure(work());
    return [error, performance.now() - started - deadlineMs];
  }

  it('is kept when the server is gone without a word, and so is the cancel request', async () => {
    const { link, config } = await lone.link();
    await withPool({ ...config, max: 1 }, async (pool) => {
      await pool.query('SELECT 1');
      await link.set({ halfOpen: true });
      const [error, late] = await lateness(200, () =>
        pool.query({ text: 'SELECT pg_sleep(34)', deadlineMs: 200 }),
      );
      expect(error).toMatchObject({ code: 'HA_DEADLINE', outcome: 'unknown' });
      expect(late).toBeLessThan(1_500); // 40 ms and what a busy machine adds; it was promised 50
      await link.set({ halfOpen: false });
      // The connection that could not be cancelled was closed, not handed on.
      expect((await pool.query({ text: 'SELECT 1 AS x', deadlineMs: 10_000 })).rows).toEqual([{ x: 1 }]);
    });
  });

  it('ends a transaction whose function waits for something else', async () => {
    await withPool({ max: 1 }, async (pool) => {
      const [error, late] = await lateness(200, () =>
        pool.transaction(() => new Promise(() => undefined), { deadlineMs: 200 }),
      );
      expect(error).toMatchObject({ code: 'HA_DEADLINE', outcome: 'rejected' });
      expect(late).toBeLessThan(1_500); // 40 ms and what a busy machine adds; it was promised 50
      expect((await pool.query('SELECT 1')).rowCount).toBe(1);
    });
  });

  it('that comes after the answer changes nothing', async () => {
    await withPool({}, async (pool) => {
      expect((await pool.query({ text: 'SELECT 1', deadlineMs: 5_000 })).rowCount).toBe(1);
    });
  });
});

describe('query_timeout', () => {
  it('of a pooled statement is pg’s own error, and the statement ends on the server', async () => {
    await withPool({ query_timeout: 150 }, async (pool) => {
      expect(String(await failure(pool.query('SELECT pg_sleep(35)')))).toContain('Query read timeout');
      await expect.poll(() => running('%pg_sleep(35)%')).toBe(0);
    });
  });

  it('of a leased client leaves no statement on it for the next one to wait behind', async () => {
    await withPool({ max: 1 }, async (pool) => {
      const client = await pool.connect();
      const slow = { text: 'SELECT pg_sleep(36)', query_timeout: 150 } as pg.QueryConfig;
      expect(String(await failure(client.query(slow)))).toContain('Query read timeout');
      client.release();
      const next = await pool.query({ text: 'SELECT 2 AS x', deadlineMs: 5_000 });
      expect(next.rows).toEqual([{ x: 2 }]);
      await expect.poll(() => running('%pg_sleep(36)%')).toBe(0);
    });
  });
});
