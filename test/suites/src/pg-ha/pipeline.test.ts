import { describe, expect, it } from 'vitest';
import pg from 'pg';
import { HaPool, outcomeOf, type HaPoolOptions } from '@steadfast/pg-ha';
import { withPostgres } from '../support/with-postgres.ts';

const lone = withPostgres();

async function withPool(options: HaPoolOptions, run: (pool: HaPool) => Promise<void>): Promise<void> {
  const pool = new HaPool({ ...lone.config, env: {}, max: 2, pipelineDepth: 16, ...options });
  try {
    await run(pool);
  } finally {
    await pool.end();
  }
}

async function withClient<T>(run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(lone.config);
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

const outcomes = (settled: PromiseSettledResult<unknown>[]): string[] =>
  settled.map((one) => (one.status === 'fulfilled' ? 'ok' : (outcomeOf(one.reason) ?? 'none')));

/** Statements that the server is at, or that wait for a lock there. */
const blocked = (client: pg.Client): Promise<number> =>
  client
    .query<{ n: number }>(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)
    .then(({ rows }) => rows[0]?.n ?? -1);

describe('statements that share connections', () => {
  it('get each its own answer or error, and an error keeps nobody from the next', async () => {
    await withPool({}, async (pool) => {
      const calls = Array.from({ length: 1_000 }, (_, n) =>
        n % 7 === 3
          ? pool.query('SELECT 1 / ($1::int - $1::int)', [n])
          : pool.query<{ n: number }>(n % 2 ? 'SELECT $1::int AS n' : `SELECT ${n} AS n`, n % 2 ? [n] : []),
      );
      const settled = await Promise.allSettled(calls);
      expect(settled).toMatchObject(
        calls.map((_, n) =>
          n % 7 === 3
            ? { status: 'rejected', reason: { code: '22012', outcome: 'rejected' } }
            : { status: 'fulfilled', value: { rows: [{ n }] } },
        ),
      );
      expect(pool.totalCount).toBe(2);
    });
  });

  it('are on one connection together: more than there are connections are with the server at once', async () => {
    await withPool({ max: 1 }, async (pool) => {
      await pool.query('CREATE TABLE together (id int)');
      await withClient(async (other) => {
        await other.query('BEGIN; LOCK TABLE together');
        const calls = Array.from({ length: 4 }, (_, n) =>
          pool.query('INSERT INTO together VALUES ($1)', [n]),
        );
        await expect.poll(() => blocked(other)).toBe(1);
        expect(pool.waitingCount).toBe(0);
        await other.query('COMMIT');
        await Promise.all(calls);
      });
    });
  });

  it('go back to pg-pool as idle connections, and the pool ends', async () => {
    await withPool({}, async (pool) => {
      await Promise.all(Array.from({ length: 64 }, () => pool.query('SELECT 1')));
      await expect.poll(() => pool.idleCount).toBe(2);
    });
  });

  it('are answered when the pool ends meanwhile', async () => {
    const pool = new HaPool({ ...lone.config, env: {}, max: 2, pipelineDepth: 16 });
    await pool.query('SELECT 1');
    const calls = Array.from({ length: 20 }, (_, n) => pool.query('SELECT $1::int', [n]));
    await new Promise((resolve) => setImmediate(resolve));
    const ended = pool.end();
    expect(new Set(outcomes(await Promise.allSettled(calls)))).not.toContain('unknown');
    await ended;
    expect(pool.totalCount).toBe(0);
  });

  it('leave one that pg cannot write to its caller, and what is behind it is right', async () => {
    await withPool({ max: 1 }, async (pool) => {
      const unwritable = {
        toPostgres: (): never => {
          throw new Error('cannot be written');
        },
      };
      const settled = await Promise.allSettled([
        pool.query('SELECT $1::int AS n', [1]),
        pool.query('SELECT $1::int AS n', [unwritable]),
        pool.query('SELECT $1::int AS n', [3]),
      ]);
      expect(settled).toMatchObject([
        { value: { rows: [{ n: 1 }] } },
        { reason: { message: 'cannot be written' } },
        { value: { rows: [{ n: 3 }] } },
      ]);
      const again = Array.from({ length: 30 }, (_, n) =>
        pool.query<{ n: number }>('SELECT $1::int AS n', [n]),
      );
      expect((await Promise.all(again)).map(({ rows }) => rows[0]?.n)).toEqual(again.map((_, n) => n));
    });
  });
});

describe('a connection of one’s own', () => {
  it('has nobody else’s statements on it, whatever is sent meanwhile', async () => {
    await withPool({}, async (pool) => {
      await pool.query('CREATE TABLE own (id int)');
      let over = false;
      const pressing = Array.from({ length: 40 }, async () => {
        while (!over) await pool.query('SELECT count(*) FROM own');
      });
      for (let n = 0; n < 20; n++) {
        const client = await pool.connect();
        await client.query('BEGIN');
        await client.query('INSERT INTO own VALUES ($1)', [n]);
        const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        const [state] = (
          await withClient((other) =>
            other.query<{ state: string; query: string }>(
              'SELECT state, query FROM pg_stat_activity WHERE pid = $1',
              [rows[0]?.pid],
            ),
          )
        ).rows;
        expect(state).toEqual({ state: 'idle in transaction', query: 'SELECT pg_backend_pid() AS pid' });
        await client.query('ROLLBACK');
        client.release();
      }
      over = true;
      await Promise.all(pressing);
      expect((await pool.query('SELECT 1 FROM own')).rowCount).toBe(0);
    });
  });

  it('is what a statement with a deadline gets, so that only it is cancelled', async () => {
    await withPool({ max: 1 }, async (pool) => {
      await pool.query('CREATE TABLE cancelled (id int)');
      await withClient(async (other) => {
        await other.query('BEGIN; LOCK TABLE cancelled');
        const late = pool.query({ text: 'INSERT INTO cancelled VALUES (1)', deadlineMs: 200 });
        const others = Array.from({ length: 10 }, (_, n) => pool.query('SELECT $1::int', [n]));
        await expect(late).rejects.toMatchObject({ code: 'HA_DEADLINE' });
        await Promise.all(others);
        await other.query('COMMIT');
      });
    });
  });
});

describe('a statement that takes long', () => {
  it('holds up at most what was sent before it showed', async () => {
    await withPool({ max: 2 }, async (pool) => {
      await pool.query('CREATE TABLE slow (id int)');
      await withClient(async (other) => {
        await other.query('BEGIN; LOCK TABLE slow');
        const held = [pool.query('INSERT INTO slow VALUES (1)')];
        await expect.poll(() => blocked(other)).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 100)); // it has run for longer than anybody may wait behind
        await Promise.all(Array.from({ length: 200 }, (_, n) => pool.query('SELECT $1::int', [n])));
        expect(await blocked(other)).toBe(1);
        await other.query('COMMIT');
        await Promise.all(held);
      });
    });
  });
});

describe('a pipeline whose server goes away', () => {
  it('is in doubt about one statement at most: what the server had not begun is sent again', async () => {
    await withPool({ max: 1 }, async (pool) => {
      await pool.query('CREATE TABLE gone (id int)');
      const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await withClient(async (other) => {
        await other.query('BEGIN; LOCK TABLE gone');
        const calls = Array.from({ length: 12 }, (_, n) => pool.query('INSERT INTO gone VALUES ($1)', [n]));
        await expect.poll(() => blocked(other)).toBe(1);
        await other.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
        await other.query('COMMIT');
        expect(outcomes(await Promise.allSettled(calls))).toEqual(calls.map(() => 'ok'));
        const there = await other.query<{ id: number }>('SELECT id FROM gone ORDER BY id');
        expect(there.rows.map(({ id }) => id)).toEqual(calls.map((_, n) => n));
      });
    });
  });
});

describe('a pipeline that is cut', () => {
  const table = 'CREATE TABLE IF NOT EXISTS cut (id int PRIMARY KEY, at text)';

  it.each([0, 1, 3, 9, 27])(
    'after the statement with number %i: each call is what it says',
    async (point) => {
      const { link, config } = await lone.link();
      await withClient((client) => client.query(`${table}; TRUNCATE cut`));
      await withPool({ ...config, max: 1, keepAlive: true }, async (pool) => {
        await pool.query('SELECT 1');
        await link.cutAfter(`point-${point}`, { dropAnswer: true, count: 1 });
        const calls = Array.from({ length: 32 }, (_, n) =>
          pool.query('INSERT INTO cut VALUES ($1, $2)', [n, `point-${n}`]),
        );
        const seen = outcomes(await Promise.allSettled(calls));
        expect(seen).toContain('unknown');
        await expect
          .poll(() =>
            withClient(
              async (client) =>
                (
                  await client.query(
                    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'INSERT INTO cut%' AND state = 'active'`,
                  )
                ).rows,
            ),
          )
          .toEqual([{ n: 0 }]);
        const { rows } = await withClient((client) => client.query<{ id: number }>('SELECT id FROM cut'));
        const there = new Set(rows.map(({ id }) => id));
        // What is told is true: done, not done, or in doubt.
        const lies = seen.filter(
          (outcome, n) => outcome !== 'unknown' && (outcome === 'ok') !== there.has(n),
        );
        expect(lies).toEqual([]);
        await pool.query('SELECT 1');
      });
    },
  );
});
