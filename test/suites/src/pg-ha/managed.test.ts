import { readFileSync } from 'node:fs';
import { rootCertificates, type TLSSocket } from 'node:tls';
import { monotonicMs } from '@steadfast/lab';
import { createProofTable, HaPool, type HaPoolOptions } from '@steadfast/pg-ha';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { judge, startWriters } from '../support/writers.ts';

const held = withLab({ redis: false, managed: { flipDelayMs: 500 } });

/** The environment of an app on the lab's provider, with the CA as text, as a container gets it. */
function managedEnv(): Record<string, string> {
  const { postgres } = held.lab.description;
  if (!postgres?.managed) throw new Error('the lab has no managed stand-in');
  const { hostname, port, user, password, dnsServer } = postgres.managed;
  return {
    PG_HA_STRATEGY: 'managed',
    PG_HA_DNS_SERVERS: dnsServer,
    PG_HA_CA: readFileSync(postgres.tls.caFile, 'utf8').replaceAll('\n', '\\n'),
    DATABASE_URL: `postgres://${user}:${password}@${hostname}:${port}/${postgres.database}`,
  };
}

/** The same database through PgBouncer, whose certificate is good for its address. */
function poolerEnv(): Record<string, string> {
  const { postgres } = held.lab.description;
  if (!postgres?.pgbouncer) throw new Error('the lab has no PgBouncer');
  const { user, password, database, pgbouncer } = postgres;
  return {
    PG_HA_STRATEGY: 'managed',
    PG_HA_POOLER: 'true',
    PG_HA_CA: postgres.tls.caFile,
    POSTGRES_STATEMENT_TIMEOUT: '14s',
    DATABASE_URL: `postgres://${user}:${password}@${pgbouncer.host}:${pgbouncer.port}/${database}`,
  };
}

async function withPool<T>(options: HaPoolOptions, use: (pool: HaPool) => Promise<T>): Promise<T> {
  const pool = new HaPool(options);
  try {
    return await use(pool);
  } finally {
    await pool.end();
  }
}

/** What is spoken on a connection of the pool. */
async function protocol(pool: HaPool): Promise<string | null> {
  const client = await pool.connect();
  try {
    const { stream } = (client as unknown as { connection: { stream: TLSSocket } }).connection;
    return stream.getProtocol();
  } finally {
    client.release();
  }
}

describe("a provider's endpoint", () => {
  it('is reached over verified TLS, with the certificate given as text', async () => {
    expect(await withPool({ env: managedEnv() }, protocol)).toBe('TLSv1.3');
  });

  it('takes a bundle of several certificates', async () => {
    const env = managedEnv();
    env['PG_HA_CA'] = `${rootCertificates[0]}\n${env['PG_HA_CA']}`;
    expect(await withPool({ env }, protocol)).toBe('TLSv1.3');
  });

  it('is refused where its certificate does not verify, at once and in words that help', async () => {
    const { postgres } = held.lab.description;
    const ca = rootCertificates[0] ?? '';
    const unknown = withPool({ env: { ...managedEnv(), PG_HA_CA: ca } }, (pool) => pool.query('SELECT 1'));
    await expect(unknown).rejects.toMatchObject({
      code: 'HA_CONFIG',
      message: expect.stringMatching(
        /certificate of db\..*PG_HA_CA \(PEM text\) does not vouch for it; set it to/,
      ),
    });
    // HAProxy passes TLS on: behind its address stands a server whose certificate does not name that address.
    const { host, primaryPort } = postgres?.haproxy ?? { host: '', primaryPort: 0 };
    const misnamed = (mode: string): Promise<unknown> =>
      withPool({ env: { ...managedEnv(), PGSSLMODE: mode }, host, port: primaryPort }, protocol);
    await expect(misnamed('verify-full')).rejects.toMatchObject({
      code: 'HA_CONFIG',
      message: expect.stringContaining('made for another name'),
    });
    await expect(misnamed('verify-ca')).resolves.toBe('TLSv1.3');
    await expect(misnamed('require')).resolves.toBe('TLSv1.3');
  });

  it('keeps its open connections while its certificate has expired, and says so of new ones', async () => {
    await withPool({ env: managedEnv() }, async (pool) => {
      await pool.query('SELECT 1');
      const expired = await held.lab.fault('cert-expired');
      try {
        await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
        const late = withPool({ env: managedEnv() }, (other) => other.query('SELECT 1'));
        await expect(late).rejects.toMatchObject({
          code: 'HA_CONFIG',
          message: expect.stringMatching(/CERT_HAS_EXPIRED.*must renew it/),
        });
      } finally {
        await expired.heal();
      }
      // The certificate that was renewed is read by the next dial: nothing of the old one is kept.
      await withPool({ env: managedEnv() }, (other) => other.query('SELECT 1'));
    });
  });

  it('is not followed to a standby by a name that lies, and found again when it tells the truth', async () => {
    await withPool({ env: managedEnv() }, async (pool) => {
      await pool.query('CREATE TABLE lied_to (id text)');
      const writers = startWriters((id) => pool.query('INSERT INTO lied_to VALUES ($1)', [id]));
      await writers.acknowledgedAfter(0, 10_000);
      const flip = await held.lab.fault('dns-flip');
      const role = (other: HaPool): Promise<unknown> => other.query('SELECT pg_is_in_recovery() AS r');
      // Who watches the cluster together with those writers may still hear their last answer, and is let in by none but the primary.
      const neighbour = withPool({ env: managedEnv() }, role);
      // Somebody who comes now and asks for himself finds a standby alone, and waits for a primary.
      const newcomer = withPool({ env: managedEnv(), dnsWatchMs: 900 }, role);
      const early = Symbol('not yet');
      const pause = new Promise((resolve) => setTimeout(() => resolve(early), 500));
      expect(await Promise.race([newcomer, pause])).toBe(early);
      await flip.heal();
      await expect(newcomer).resolves.toMatchObject({ rows: [{ r: false }] });
      await expect(neighbour).resolves.toMatchObject({ rows: [{ r: false }] });
      await writers.acknowledgedAfter(monotonicMs(), 10_000);
      await writers.stop(10_000);
      const { rows } = await pool.query<{ id: string }>('SELECT id FROM lied_to');
      const { outcomes, ...verdict } = judge(
        writers.writes,
        rows.map(({ id }) => id),
      );
      expect(verdict).toEqual({ lost: [], doubled: [], unexpected: [] });
      expect(Object.keys(outcomes)).toEqual(['ok']);
    });
  });
});

describe('pain 9: behind PgBouncer in transaction mode', () => {
  const insert = { name: 'insert-run', text: 'INSERT INTO pooled (id) VALUES ($1)' };

  it('statements with names fail stock pg, which shows what the mode is for', async () => {
    const stock = new pg.Pool({ connectionString: poolerEnv()['DATABASE_URL'], max: 30 });
    try {
      const named = (n: number): Promise<unknown> =>
        stock.query({ name: `n${n % 3}`, text: `SELECT ${n % 3}` });
      const ends = await Promise.allSettled(Array.from({ length: 400 }, (_, n) => named(n)));
      const codes = ends.flatMap((end) =>
        end.status === 'rejected' ? [(end.reason as { code?: string }).code] : [],
      );
      expect(codes.every((code) => code === '42P05' || code === '26000')).toBe(true);
      expect(codes.length).toBeGreaterThan(0);
    } finally {
      await stock.end();
    }
  });

  it(
    'statements with names work, through a failover, and every one has its outcome',
    { timeout: 120_000 },
    async () => {
      const env = poolerEnv();
      await withPool({ env, max: 30, failoverWaitMs: 60_000 }, async (pool) => {
        await pool.query('CREATE TABLE pooled (id text)');
        await createProofTable(pool);
        const shown = await pool.transaction((client) => client.query('SHOW statement_timeout'));
        expect(shown.rows).toEqual([{ statement_timeout: '14s' }]);
        const before = pool.health();
        const plain = startWriters((id) => pool.query({ ...insert, values: [`q-${id}`] }));
        const proven = startWriters((id) =>
          pool.transaction((client) => client.query({ ...insert, values: [`p-${id}`] }), {
            commitProof: true,
          }),
        );
        const reads = startWriters((id) =>
          pool.query({
            name: 'read',
            text: 'SELECT $1::text',
            values: [id],
            idempotent: true,
          } as pg.QueryConfig),
        );
        await proven.acknowledgedAfter(0, 10_000);
        await held.lab.fault('switchover');
        await proven.acknowledgedAfter(monotonicMs(), 60_000);
        await Promise.all([plain, proven, reads].map((writers) => writers.stop(20_000)));
        const { rows } = await pool.query<{ id: string }>('SELECT id FROM pooled');
        const found = (prefix: string): string[] =>
          rows.filter(({ id }) => id.startsWith(prefix)).map(({ id }) => id.slice(prefix.length));
        const clean = { lost: [], doubled: [], unexpected: [] };
        const [q, p] = [judge(plain.writes, found('q-')), judge(proven.writes, found('p-'))];
        expect(p).toMatchObject(clean);
        expect(Object.keys(p.outcomes)).toEqual(['ok']);
        expect(q).toMatchObject(clean);
        const { ok: _, unknown = 0, ...others } = q.outcomes;
        expect(others).toEqual({});
        expect(unknown).toBeLessThanOrEqual(pool.options.max);
        expect(new Set(reads.writes.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
        expect(pool.health().epoch ?? 0).toBeGreaterThan(before.epoch ?? 0);
      });
    },
  );
});
