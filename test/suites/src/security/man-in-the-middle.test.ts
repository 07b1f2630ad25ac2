import { HaPool } from '@steadfast/pg-ha';
import { HaRedis, type HaRedisOptions } from '@steadfast/redis-ha';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestCertificate, type TestCertificate } from '../support/test-certificate.ts';
import { standInTheMiddle, type Manner, type Middle } from './middle.ts';

/** No text has this by chance. */
const SECRET = 'pa55-Xq7r';

/** `ours` is what clients trust; `theirs` another authority's for the same name, `elsewhere` the trusted one's for another name. */
type Whose = 'ours' | 'theirs' | 'elsewhere';
let certificates: Record<Whose, TestCertificate>;
let middle: Middle | undefined;
beforeAll(async () => {
  const [ours, theirs, elsewhere] = await Promise.all([
    createTestCertificate(),
    createTestCertificate(),
    createTestCertificate('DNS:other.example'),
  ]);
  certificates = { ours, theirs, elsewhere };
});
afterEach(() => middle?.close());
afterAll(() => Promise.all(Object.values(certificates).map((one) => one.remove())));

async function meet(manner: Manner, whose: Whose): Promise<Middle> {
  middle = await standInTheMiddle(manner, certificates[whose]);
  return middle;
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A pool that was led to the one in the middle, with what it was told to trust. */
async function connectPool({ port }: Middle, sslmode: string, env: Record<string, string>): Promise<unknown> {
  const DATABASE_URL = `postgres://app:${SECRET}@127.0.0.1:${port}/inbox?sslmode=${sslmode}`;
  const pool = new HaPool({ env: { DATABASE_URL, ...env }, failoverWaitMs: 300 });
  const error = await failure(pool.query('SELECT 1'));
  await pool.end();
  return error;
}

/** Whether it was told more than that somebody wants TLS. */
const told = ({ overheard }: Middle): boolean => overheard !== '';

describe('PostgreSQL in the hands of another', () => {
  const rows: [manner: Manner, whose: Whose, sslmode: string, trust: Whose | undefined, goesOn: boolean][] = [
    ['postgres', 'ours', 'verify-full', 'ours', true],
    ['postgres', 'theirs', 'verify-full', 'ours', false],
    ['postgres', 'theirs', 'verify-full', undefined, false],
    ['postgres', 'theirs', 'verify-ca', 'ours', false],
    ['postgres', 'theirs', 'require', 'ours', false],
    ['postgres', 'theirs', 'require', undefined, true], // as in libpq it verifies nothing, and the log says so
    ['postgres', 'elsewhere', 'verify-full', 'elsewhere', false],
    ['postgres', 'elsewhere', 'verify-ca', 'elsewhere', true], // as in libpq it verifies no name
    ['postgres-plain', 'ours', 'require', undefined, false],
    ['postgres-plain', 'ours', 'verify-ca', 'ours', false],
    ['postgres-plain', 'ours', 'verify-full', 'ours', false],
    ['postgres-stuffed', 'ours', 'require', undefined, false],
    ['postgres-stuffed', 'theirs', 'verify-full', 'ours', false],
  ];
  it.each(rows)(
    '%s with the certificate %s, sslmode %s, trusting %s: goes on %s',
    async (manner, whose, sslmode, trust, goesOn) => {
      const server = await meet(manner, whose);
      const env = trust ? { PGSSLROOTCERT: certificates[trust].certFile } : {};
      const error = await connectPool(server, sslmode, env);
      expect(error).toMatchObject({ outcome: 'notSent' });
      expect(server.visitors).toBeGreaterThan(0);
      expect(told(server)).toBe(goesOn);
      expect(server.overheard.includes('app')).toBe(goesOn);
      // A server asks for a password; one that asks for nothing is told none.
      expect(server.overheard).not.toContain(SECRET);
    },
  );

  it('gets its certificate refused at once, by an error that says whom to trust by which setting', async () => {
    const server = await meet('postgres', 'theirs');
    const error = await connectPool(server, 'verify-full', { PG_HA_CA: certificates.ours.cert });
    expect(error).toMatchObject({ code: 'HA_CONFIG', message: expect.stringContaining('PG_HA_CA') });
  });
});

describe('Patroni in the hands of another', () => {
  const rows: [manner: Manner, whose: Whose, goesOn: boolean][] = [
    ['tls', 'ours', true],
    ['tls', 'theirs', false],
    ['tls', 'elsewhere', false],
    ['plain', 'ours', false],
  ];
  it.each(rows)('%s with the certificate %s is asked: %s', async (manner, whose, goesOn) => {
    const server = await meet(manner, whose);
    const pool = new HaPool({
      env: {
        PG_HA_STRATEGY: 'patroni',
        PG_HA_PATRONI_URLS: `https://rest:${SECRET}@127.0.0.1:${server.port}`,
        PG_HA_PATRONI_CA_FILE: certificates[whose === 'elsewhere' ? 'elsewhere' : 'ours'].cert,
        DATABASE_URL: `postgres://app:${SECRET}@ignored/x`,
      },
      failoverWaitMs: 300,
      probeTimeoutMs: 100,
    });
    const error = await failure(pool.query('SELECT 1'));
    await pool.end();
    expect(error).toMatchObject({ outcome: 'notSent' });
    expect(server.visitors).toBeGreaterThan(0);
    expect(server.overheard.includes('GET /cluster')).toBe(goesOn);
    expect(told(server)).toBe(goesOn);
  });
});

describe('Redis in the hands of another', () => {
  const rows: [manner: Manner, whose: Whose, options: HaRedisOptions, goesOn: boolean][] = [
    ['tls', 'ours', {}, true],
    ['tls', 'theirs', {}, false],
    ['tls', 'theirs', { verifyMode: 'none' }, true], // as was asked for
    ['tls', 'elsewhere', {}, false],
    ['plain', 'ours', {}, false],
  ];
  const trusting = (whose: Whose): string => certificates[whose === 'elsewhere' ? 'elsewhere' : 'ours'].cert;

  it.each(rows)(
    '%s with the certificate %s, %o: is told the password %s',
    async (manner, whose, options, goesOn) => {
      const server = await meet(manner, whose);
      const env = { REDIS_URL: `rediss://:${SECRET}@127.0.0.1:${server.port}`, REDIS_HA_CA: trusting(whose) };
      const redis = new HaRedis({ env, failoverWaitMs: 300, dialTimeoutMs: 100, ...options });
      redis.on('error', () => undefined);
      const error = await failure(redis.get('x'));
      redis.disconnect();
      expect(error).toMatchObject({ outcome: 'notSent' });
      expect(server.visitors).toBeGreaterThan(0);
      expect(server.overheard.includes(SECRET)).toBe(goesOn);
      expect(told(server)).toBe(goesOn);
    },
  );

  it.each(rows)(
    'a sentinel, %s with the certificate %s, %o: is told the password %s',
    async (manner, whose, options, goesOn) => {
      const server = await meet(manner, whose);
      const env = {
        REDIS_SENTINELS: `127.0.0.1:${server.port}`,
        REDIS_SENTINEL_PASSWORD: SECRET,
        REDIS_HA_CA: trusting(whose),
      };
      const redis = new HaRedis({ env, tls: {}, failoverWaitMs: 300, dialTimeoutMs: 100, ...options });
      redis.on('error', () => undefined);
      const error = await failure(redis.get('x'));
      redis.disconnect();
      expect(error).toMatchObject({ outcome: 'notSent' });
      expect(server.visitors).toBeGreaterThan(0);
      expect(server.overheard.includes(SECRET)).toBe(goesOn);
      expect(told(server)).toBe(goesOn);
    },
  );
});
