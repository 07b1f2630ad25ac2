import pg from 'pg';
import { describe, expect, it } from 'vitest';
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

const staleOnes = (pool: HaPool): number =>
  (pool as unknown as { _idle: { client: { stale: boolean } }[] })._idle.filter(({ client }) => client.stale)
    .length;

/** So many connections stand and are idle. */
async function fill(pool: HaPool, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => pool.query('SELECT pg_sleep(0.05)')));
  expect(pool.idleCount).toBe(count);
}

describe('pain 2: a half-open idle socket', () => {
  it('is found before anybody gets it, and all of its kind with it', async () => {
    const { link, config } = await lone.link();
    await withPool({ ...config, max: 4, idleCheckMs: 100 }, async (pool) => {
      await fill(pool, 4);
      await expect.poll(() => staleOnes(pool)).toBe(4);
      await link.set({ halfOpen: true });
      await link.set({ halfOpen: false }); // new connections are carried again; the four are dead without a word
      const started = performance.now();
      const text = 'INSERT INTO pg_temp.x SELECT 1';
      await pool.query(`CREATE TEMP TABLE x AS SELECT 1; ${text}`); // not idempotent, and no error
      expect(performance.now() - started).toBeLessThan(3_000);
      expect(pool.totalCount).toBeLessThanOrEqual(2);
    });
  });

  it('is given no statement, so that nothing is in doubt while the server is out of reach', async () => {
    const { link, config } = await lone.link();
    await withPool({ ...config, max: 2, idleCheckMs: 100 }, async (pool) => {
      await fill(pool, 2);
      await expect.poll(() => staleOnes(pool)).toBe(2);
      await link.set({ halfOpen: true });
      await expect(pool.query({ text: 'SELECT 1', deadlineMs: 1_500 })).rejects.toMatchObject({
        outcome: 'notSent',
      });
      expect(staleOnes(pool)).toBe(0);
      await link.set({ halfOpen: false });
      expect((await pool.query('SELECT 1')).rowCount).toBe(1);
    });
  });

  it('that answers is handed out as it is', async () => {
    await withPool({ max: 1, idleCheckMs: 50 }, async (pool) => {
      const pid = async (): Promise<unknown> => (await pool.query('SELECT pg_backend_pid()')).rows;
      const first = await pid();
      await expect.poll(() => staleOnes(pool)).toBe(1);
      expect(await pid()).toEqual(first);
      expect(staleOnes(pool)).toBe(0);
    });
  });
});

describe('pain 4: a dead idle connection', () => {
  it('whose server has ended it is never handed out', async () => {
    await withPool({ max: 2, idleCheckMs: 50 }, async (pool) => {
      await fill(pool, 2);
      const admin = new pg.Client(lone.config);
      await admin.connect();
      await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
      );
      await admin.end();
      for (let n = 0; n < 5; n++) expect((await pool.query('SELECT 1')).rowCount).toBe(1);
    });
  });

  it('or a new one that `verify` refuses costs its caller nothing: there are others', async () => {
    let verified = 0;
    const verify: HaPoolOptions['verify'] = (_client, done) =>
      done((verified += 1) === 1 ? new Error('not this one') : undefined);
    await withPool({ verify }, async (pool) => {
      expect((await pool.query('SELECT 1')).rowCount).toBe(1);
      expect(verified).toBe(2);
    });
  });

  it('but where `verify` refuses every one, its own error reaches the caller', async () => {
    const refusal = new Error('none will do');
    let verified = 0;
    const verify: HaPoolOptions['verify'] = (_client, done) => {
      verified += 1;
      done(refusal);
    };
    await withPool({ verify }, async (pool) => {
      await expect(pool.query('SELECT 1')).rejects.toBe(refusal);
      expect(verified).toBe(3);
      expect(pool.totalCount).toBe(0);
    });
  });
});
