import { HaRedis, type HaRedisOptions } from '@steadfast/redis-ha';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listeningLogger, shown } from '../support/leaks.ts';
import { createTestCertificate, type TestCertificate } from '../support/test-certificate.ts';
import { startTlsServer } from '../support/tls-server.ts';
import { startLoneRedis, type LoneRedis } from './lone-redis.ts';

/** A password that no text could hold by chance. */
const SECRET = 'pa55-Xq7r';

let server: LoneRedis;
let certificate: TestCertificate;
const clients: HaRedis[] = [];
beforeAll(async () => {
  [server, certificate] = await Promise.all([
    startLoneRedis('--requirepass', SECRET),
    createTestCertificate(),
  ]);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(async () => {
  await server.stop();
  await certificate.remove();
});

function client(options: HaRedisOptions): HaRedis {
  const redis = new HaRedis({ failoverWaitMs: 300, ...options });
  clients.push(redis);
  return redis;
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a password and a key', () => {
  const rows: [what: string, options: () => HaRedisOptions, fails: boolean][] = [
    [
      'of a server that takes them',
      () => ({ env: { REDIS_URL: `redis://:${SECRET}@127.0.0.1:${server.port}` } }),
      false,
    ],
    [
      'of a server that refuses them',
      () => ({ env: { REDIS_URL: `redis://:${SECRET}-not@127.0.0.1:${server.port}` } }),
      true,
    ],
    ['of a server that is not there', () => ({ env: { REDIS_URL: `redis://:${SECRET}@127.0.0.1:1` } }), true],
    [
      'of a name that is not known',
      () => ({ env: { REDIS_URL: `redis://:${SECRET}@nowhere.invalid` } }),
      true,
    ],
    [
      'of sentinels that are not there',
      () => ({
        env: {
          REDIS_SENTINELS: '127.0.0.1:1',
          REDIS_PASSWORD: SECRET,
          REDIS_SENTINEL_PASSWORD: `${SECRET}-s`,
        },
      }),
      true,
    ],
    [
      'of a server without TLS, given as options',
      () => ({
        env: {},
        ...{ host: '127.0.0.1', port: server.port, password: SECRET, dialTimeoutMs: 200 },
        tls: { key: certificate.key, cert: certificate.cert },
      }),
      true,
    ],
  ];
  it.each(rows)('%s are shown nowhere', async (_what, options, fails) => {
    const { logger, lines } = listeningLogger();
    const redis = client({ ...options(), logger });
    const heard: unknown[] = [];
    redis.on('error', (error) => heard.push(error));
    const error = await failure(redis.get('x'));
    const copy = redis.duplicate({ lazyConnect: true });
    clients.push(copy);
    const seen = [error, heard, redis, redis.options, copy, redis.health(), lines()].map(shown).join('\n');
    expect(error !== undefined).toBe(fails);
    expect(['', SECRET, 'PRIVATE KEY'].filter((text) => seen.includes(text))).toEqual(['']);
    expect(seen).toContain('HaRedis');
  });

  it('are in no error reply to the command that carries them', async () => {
    const redis = client({ host: server.host, port: server.port, password: SECRET, env: {} });
    const errors = [
      await failure(redis.auth(`${SECRET}-wrong`)),
      await failure(redis.call('HELLO', '3', 'AUTH', 'nobody', `${SECRET}-wrong`)),
    ];
    expect(errors.map((error) => (error as Error).message)).toEqual([
      expect.stringContaining('WRONGPASS'),
      expect.stringContaining('WRONGPASS'),
    ]);
    expect(errors.map(shown).join('\n').includes(SECRET)).toBe(false);
  });

  it('are still there for whoever copies the options, as some libraries do', () => {
    const redis = client({ host: server.host, port: server.port, password: SECRET, env: {} });
    expect({ ...redis.options }.password).toBe(SECRET);
  });

  const wrong: [what: string, env: Record<string, string>][] = [
    ['a URL that cannot be read', { REDIS_URL: `redis://:${SECRET}@a:b:c/x` }],
    ['a URL of something else', { REDIS_URL: `http://:${SECRET}@a` }],
    [
      'a certificate that is none',
      { REDIS_URL: 'rediss://h', REDIS_HA_CA: `-----BEGIN CERTIFICATE-----\n${SECRET}` },
    ],
  ];
  it.each(wrong)('are not shown by the error about %s', (_what, env) => {
    let error: unknown;
    try {
      client({ env });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'HA_CONFIG' });
    expect(shown(error).includes(SECRET)).toBe(false);
  });
});

describe('TLS', () => {
  const versions: [newest: 'TLSv1.1' | 'TLSv1.2', spoken: string[]][] = [
    ['TLSv1.1', []],
    ['TLSv1.2', ['TLSv1.2']],
  ];
  it.each(versions)('with a server whose newest version is %s agrees on %j', async (newest, spoken) => {
    const tls = await startTlsServer(certificate, newest, 'redis');
    const env = { REDIS_URL: `rediss://127.0.0.1:${tls.port}`, REDIS_HA_CA: certificate.cert };
    const redis = client({ env, dialTimeoutMs: 100 });
    expect(await failure(redis.ping())).toMatchObject({ outcome: 'notSent' });
    redis.disconnect();
    await tls.close();
    expect([...new Set(tls.spoken)]).toEqual(spoken);
  });
});
