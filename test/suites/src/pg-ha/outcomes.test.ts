import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type LinkProxy } from '@steadfast/lab';
import { createProofTable, HaPool, outcomeOf } from '@steadfast/pg-ha';
import { withLab } from '../support/with-lab.ts';

const held = withLab({ redis: false, managed: false, haproxy: false, pgbouncer: false });

/** A pool whose link to the primary goes through a proxy that can cut it. */
async function throughProxy(run: (pool: HaPool, link: LinkProxy) => Promise<void>): Promise<void> {
  const { lab } = held;
  const status = await lab.status();
  const members = lab.description.postgres?.members ?? [];
  const primary = members.find((member) => member.name === status.postgres?.primary);
  if (!primary) throw new Error('the lab has no primary');
  const link = await lab.proxy({ host: primary.host, port: primary.port });
  const pool = new HaPool({
    strategy: 'single',
    max: 4,
    ...link.endpoint,
    env: lab.env({ postgres: 'single' }),
  });
  try {
    await run(pool, link);
  } finally {
    await pool.end();
    await link.close();
  }
}

/** How often a value stands in the table. */
async function times(pool: HaPool, table: string, value: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE id = $1`, [
    value,
  ]);
  return rows[0]?.n ?? -1;
}

describe('a link cut between COMMIT and its answer', () => {
  it('is unknown without a proof, and not repeated', async () => {
    await throughProxy(async (pool, link) => {
      await pool.query('CREATE TABLE cut_plain (id text)');
      await link.cutAfter('COMMIT', { dropAnswer: true, count: 1 });
      const work = pool.transaction((client) => client.query("INSERT INTO cut_plain VALUES ('a')"));
      await expect(work).rejects.toMatchObject({ outcome: 'unknown' });
      expect(await times(pool, 'cut_plain', 'a')).toBe(1);
    });
  });

  it('is resolved with one: committed exactly once, twenty times of twenty', async () => {
    await throughProxy(async (pool, link) => {
      await pool.query('CREATE TABLE cut_proven (id text)');
      await createProofTable(pool);
      for (let n = 0; n < 20; n++) {
        await link.cutAfter('COMMIT', { dropAnswer: true, count: 1 });
        await pool.transaction((client) => client.query('INSERT INTO cut_proven VALUES ($1)', [String(n)]), {
          commitProof: true,
        });
        expect(await times(pool, 'cut_proven', String(n))).toBe(1);
      }
    });
  });

  it('is resolved also when the link was cut before COMMIT went out', async () => {
    await throughProxy(async (pool, link) => {
      await pool.query('CREATE TABLE cut_before (id text)');
      await createProofTable(pool);
      let runs = 0;
      await pool.transaction(
        async (client) => {
          runs += 1;
          await client.query("INSERT INTO cut_before VALUES ('a')");
          if (runs === 1) await link.reset();
        },
        { commitProof: true },
      );
      expect(runs).toBe(2);
      expect(await times(pool, 'cut_before', 'a')).toBe(1);
    });
  });
});

describe('a statement whose link breaks', () => {
  it('is repeated where it is declared idempotent, and unknown where it is not', async () => {
    await throughProxy(async (pool, link) => {
      await pool.query('CREATE TABLE broken (id text PRIMARY KEY)');
      const text = "INSERT INTO broken VALUES ('a') ON CONFLICT DO NOTHING";
      await link.cutAfter('INSERT INTO broken', { dropAnswer: true, count: 1 });
      await expect(pool.query(text)).rejects.toMatchObject({
        code: 'HA_CONNECTION_LOST',
        outcome: 'unknown',
      });
      await link.cutAfter('INSERT INTO broken', { dropAnswer: true, count: 1 });
      await pool.query({ text, idempotent: true });
      expect(await times(pool, 'broken', 'a')).toBe(1);
    });
  });

  it('ends at its deadline, on the server too', async () => {
    await throughProxy(async (pool) => {
      const started = performance.now();
      const error = await pool
        .query({ text: 'SELECT pg_sleep(30)', deadlineMs: 300 })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'HA_DEADLINE' });
      expect(performance.now() - started).toBeLessThan(5_000);
    });
  });

  it('ends by its caller’s signal', async () => {
    await throughProxy(async (pool) => {
      const error = await pool
        .query({ text: 'SELECT pg_sleep(30)', signal: AbortSignal.timeout(200) })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'HA_ABORTED' });
    });
  });

  it('stays a DatabaseError with its SQLSTATE where the server answered', async () => {
    await throughProxy(async (pool) => {
      const error = await pool.query('SELECT * FROM nowhere').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: '42P01', severity: 'ERROR' });
      expect(outcomeOf(error)).toBe('rejected');
    });
  });
});

describe('wrong settings give one clear line', () => {
  const attempt = async (env: Record<string, string>): Promise<unknown> => {
    const pool = new HaPool({ env: { ...held.lab.env({ postgres: 'patroni' }), ...env } });
    try {
      return await pool.query('SELECT 1').catch((error: unknown) => error);
    } finally {
      await pool.end();
    }
  };

  it('a wrong password, at once', async () => {
    const url = new URL(held.lab.env({ postgres: 'patroni' })['DATABASE_URL'] ?? '');
    url.password = 'wrong';
    const started = performance.now();
    const error = await attempt({ DATABASE_URL: url.href });
    expect(error).toMatchObject({ code: 'HA_AUTH', outcome: 'notSent' });
    expect(String(error)).toContain(`refuses user '${url.username}'`);
    expect(String(error)).not.toContain('wrong');
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('a certificate authority that is not theirs', async () => {
    const url = new URL(held.lab.env({ postgres: 'patroni' })['DATABASE_URL'] ?? '');
    url.searchParams.set('sslmode', 'verify-full');
    url.searchParams.delete('sslrootcert');
    const error = await attempt({ DATABASE_URL: url.href, PGSSLROOTCERT: '' });
    expect(error).toMatchObject({ code: 'HA_CONFIG', outcome: 'notSent' });
    expect(String(error)).toContain('PG_HA_CA (not set');
  });

  it('an address where no Patroni answers', async () => {
    const error = await attempt({ PG_HA_PATRONI_URLS: 'http://127.0.0.1:9', PG_HA_FAILOVER_WAIT_MS: '500' });
    expect(error).toMatchObject({ code: 'HA_NO_PRIMARY', outcome: 'notSent' });
    expect(String(error)).toContain('no Patroni answered: ');
  });
});

describe('a process that uses the pool', () => {
  const child = async (script: string): Promise<{ stdout: string; stderr: string }> => {
    const env = { ...process.env, ...held.lab.env({ postgres: 'patroni' }) };
    const code = `import { HaPool } from '${import.meta.resolve('@steadfast/pg-ha')}';\n${script}`;
    return promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
      env,
      timeout: 30_000,
    });
  };

  it('exits by itself after end()', async () => {
    const { stdout } = await child(
      "const pool = new HaPool(); await pool.query('SELECT 1'); await pool.end(); console.log('ended');",
    );
    expect(stdout).toContain('ended');
  });

  it('pain 3: is not killed by a lost connection that nobody listens for, idle or held', async () => {
    const { stdout } = await child(`
      const pool = new HaPool();
      const held = await pool.connect();
      const idle = await pool.connect();
      const admin = await pool.connect();
      const pids = [held.processID, idle.processID];
      idle.release();
      await admin.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [pids]);
      await new Promise((resolve) => setTimeout(resolve, 300));
      admin.release();
      await held.query('SELECT 1').catch((error) => console.log('held', error.outcome));
      held.release(true);
      console.log('alive', (await pool.query('SELECT 1 AS x')).rows[0].x);
      await pool.end();`);
    expect(stdout).toContain('held notSent');
    expect(stdout).toContain('alive 1');
  });
});
