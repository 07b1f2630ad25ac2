import { HaPool, type HaPoolOptions } from '@steadfast/pg-ha';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listeningLogger, shown } from '../support/leaks.ts';
import { createTestCertificate, type TestCertificate } from '../support/test-certificate.ts';
import { startTlsServer } from '../support/tls-server.ts';
import { withPostgres } from '../support/with-postgres.ts';

const held = withPostgres();
let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await createTestCertificate();
});
afterAll(() => certificate.remove());

/** A password that no text could hold by chance. */
const SECRET = 'pa55-Xq7r';

/** What went wrong, where something did. */
async function failure(pool: HaPool, sql = 'SELECT 1'): Promise<unknown> {
  return pool.query(sql).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a password and a key', () => {
  const at = (url: string): HaPoolOptions => ({ env: { DATABASE_URL: url } });
  const rows: [what: string, options: () => HaPoolOptions][] = [
    [
      'of a server that refuses them',
      () => at(`postgres://app:${SECRET}@127.0.0.1:${held.server.port}/postgres`),
    ],
    ['of a server that is not there', () => at(`postgres://app:${SECRET}@127.0.0.1:1/postgres`)],
    ['of a name that is not known', () => at(`postgres://app:${SECRET}@nowhere.invalid/postgres`)],
    [
      'of a server without TLS',
      () => ({
        env: {
          DATABASE_URL: `postgres://app:${SECRET}@127.0.0.1:${held.server.port}/postgres?sslmode=require`,
          PGSSLCERT: certificate.cert,
          PGSSLKEY: certificate.key,
        },
      }),
    ],
    [
      'given as options',
      () => ({
        env: {},
        host: '127.0.0.1',
        port: held.server.port,
        user: 'app',
        password: SECRET,
        ssl: { key: certificate.key, cert: certificate.cert },
      }),
    ],
    ['that come from a function', () => ({ ...held.config, env: {}, user: 'app', password: () => SECRET })],
  ];
  for (const [what, options] of rows) {
    it(`${what} are shown nowhere`, async () => {
      const { logger, lines } = listeningLogger();
      const pool = new HaPool({ ...options(), logger, failoverWaitMs: 300 });
      const client = pool.connect().catch((error: unknown) => error);
      const error = await failure(pool);
      const seen = [error, await client, pool, pool.options, pool.health(), lines()].map(shown).join('\n');
      await pool.end();
      expect(error).toMatchObject({ outcome: 'notSent' });
      expect(['', SECRET, 'PRIVATE KEY'].filter((text) => seen.includes(text))).toEqual(['']);
      expect(seen).toContain('HA_'); // it has been looked at
    });
  }

  it('of a pool that works are shown nowhere either, nor those of its clients', async () => {
    const admin = new pg.Pool(held.config);
    await admin.query(`CREATE ROLE shown LOGIN PASSWORD '${SECRET}'`);
    const { logger, lines } = listeningLogger();
    const pool = new HaPool({ ...held.config, env: {}, user: 'shown', password: SECRET, logger });
    const client = await pool.connect();
    const error = await client.query('SELEC 1').catch((thrown: unknown) => thrown);
    const seen = [client, pool, error, lines()].map(shown).join('\n');
    client.release();
    await pool.end();
    await admin.query('DROP ROLE shown');
    await admin.end();
    expect(seen).toContain('following the primary');
    expect(seen.includes(SECRET)).toBe(false);
  });

  const wrong: [what: string, env: Record<string, string>][] = [
    ['a URL that cannot be read', { DATABASE_URL: `postgres://app:${SECRET}@a:b:c/x` }],
    ['a password with a slash in it', { DATABASE_URL: `postgres://app:${SECRET}/x@db/x` }],
    [
      'a key that is none',
      { DATABASE_URL: 'postgres://db/x?sslmode=require', PGSSLKEY: `-----BEGIN ${SECRET}` },
    ],
    ['a certificate that is none', { PG_HA_CA: `-----BEGIN CERTIFICATE-----\n${SECRET}` }],
  ];
  it.each(wrong)('are not shown by the error about %s', (_what, env) => {
    let error: unknown;
    try {
      void new HaPool({ env }).end();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'HA_CONFIG' });
    expect(shown(error)).not.toContain(SECRET);
  });

  it('may change on the server before the function knows: what needs a connection waits for it', async () => {
    const admin = new pg.Pool(held.config);
    await admin.query(`CREATE ROLE rotating LOGIN PASSWORD 'first'`);
    let password = 'first';
    let asked = 0;
    const read = (): string => {
      asked += 1;
      return password;
    };
    const pool = new HaPool({ ...held.config, env: {}, user: 'rotating', password: read, max: 2 });
    try {
      const one = await pool.connect();
      await admin.query(`ALTER ROLE rotating PASSWORD 'second'`);
      const before = asked;
      const waiting = pool.query('SELECT 1 AS answer');
      await expect.poll(() => asked).toBeGreaterThan(before + 1);
      password = 'second';
      await expect(waiting).resolves.toMatchObject({ rows: [{ answer: 1 }] });
      expect(asked).toBeLessThan(before + 10);
      one.release();
    } finally {
      await pool.end();
      await admin.query('DROP ROLE rotating');
      await admin.end();
    }
  });

  it('may change while the pool is open: the next connection asks for it anew', async () => {
    const admin = new pg.Pool(held.config);
    await admin.query(`CREATE ROLE rotated LOGIN PASSWORD 'first'`);
    let password = 'first';
    const pool = new HaPool({ ...held.config, env: {}, user: 'rotated', password: () => password, max: 2 });
    try {
      const one = await pool.connect();
      await admin.query(`ALTER ROLE rotated PASSWORD 'second'`);
      password = 'second';
      const two = await pool.connect(); // `one` is busy: this is a new connection
      await expect(one.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
      await expect(two.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
      one.release();
      two.release();
    } finally {
      await pool.end();
      await admin.query('DROP ROLE rotated');
      await admin.end();
    }
  });
});

describe('TLS', () => {
  const versions: [newest: 'TLSv1.1' | 'TLSv1.2', spoken: string[]][] = [
    ['TLSv1.1', []],
    ['TLSv1.2', ['TLSv1.2']],
  ];
  it.each(versions)('with a server whose newest version is %s agrees on %j', async (newest, spoken) => {
    const server = await startTlsServer(certificate, newest, 'postgres');
    const env = { DATABASE_URL: `postgres://app@127.0.0.1:${server.port}/x`, PG_HA_CA: certificate.cert };
    const pool = new HaPool({ env, failoverWaitMs: 200 });
    expect(await failure(pool)).toMatchObject({ outcome: 'notSent' });
    await pool.end();
    await server.close();
    expect([...new Set(server.spoken)]).toEqual(spoken);
  });

  it('that verifies nothing says so once in the log, and TLS that verifies does not', async () => {
    const said = async (sslmode: string): Promise<number> => {
      const { logger, lines } = listeningLogger();
      const pool = new HaPool({
        env: { DATABASE_URL: `postgres://app@127.0.0.1:1/x?sslmode=${sslmode}` },
        logger,
        failoverWaitMs: 200,
      });
      await failure(pool);
      await pool.end();
      return lines().split('verifies nothing').length - 1;
    };
    expect([await said('require'), await said('verify-full')]).toEqual([1, 0]);
  });
});
