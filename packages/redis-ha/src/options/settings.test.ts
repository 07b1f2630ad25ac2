import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { readSettings, type HaRedisOptions } from './settings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'steadfast-settings-'));
const noPem = path.join(folder, 'no.pem');
writeFileSync(noPem, 'nothing');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sentinels = { REDIS_SENTINELS: 'h1:26380,h2' };

describe('settings', () => {
  it('default to one server on this machine', () => {
    const { ha, endpoint, driver } = readSettings({}, {});
    expect([ha.strategy, endpoint]).toEqual(['single', { host: '127.0.0.1', port: 6379 }]);
    expect(ha).toMatchObject({
      failoverWaitMs: 30_000,
      silenceMs: 1_000,
      maxWaiting: 10_000,
      refreshMs: 5_000,
      dialTimeoutMs: 2_000,
      hold: true,
    });
    expect(driver).toMatchObject({ maxRetriesPerRequest: null, autoResendUnfulfilledCommands: false, db: 0 });
  });

  it('take sentinel where sentinels are named, and keep user, password, database and TLS of the URL', () => {
    const {
      ha,
      sentinels: found,
      data,
      driver,
    } = readSettings({}, { ...sentinels, REDIS_URL: 'rediss://me:p%40ss@ignored:1/7' });
    expect([ha.strategy, ha.name]).toEqual(['sentinel', 'mymaster']);
    expect(found).toEqual([
      { host: 'h1', port: 26_380 },
      { host: 'h2', port: 26_379 },
    ]);
    expect(data.credentials).toMatchObject({ username: 'me', password: 'p@ss' });
    expect(data.tls).toMatchObject({ minVersion: 'TLSv1.2' });
    expect(driver).toMatchObject({ db: 7, username: 'me', password: 'p@ss', tls: { minVersion: 'TLSv1.2' } });
    expect(driver).not.toHaveProperty('sentinels');
  });

  it('let options win over the environment, and single variables over the URL', () => {
    const env = { REDIS_URL: 'redis://a:b@h:1/2', REDIS_PASSWORD: 'c', REDIS_HA_SILENCE_MS: '2s' };
    const { ha, data, endpoint, driver } = readSettings({ silenceMs: 70, host: 'x', db: 4 }, env);
    expect(ha.silenceMs).toBe(70);
    expect([data.credentials.username, data.credentials.password]).toEqual(['a', 'c']);
    expect([endpoint.host, endpoint.port, driver.db]).toEqual(['x', 1, 4]);
    expect(readSettings({}, env).ha.silenceMs).toBe(2_000);
  });

  const shared = { REDIS_USERNAME: 'main', REDIS_PASSWORD: 'c', REDIS_HA_SILENCE_MS: '2s' };
  const whose: [what: string, options: HaRedisOptions, credentials: object][] = [
    ['a password', { url: 'redis://:own@h' }, { username: undefined, password: 'own' }],
    ['user and password', { url: 'redis://me:own@h' }, { username: 'me', password: 'own' }],
    ['a user', { url: 'redis://me@h' }, { username: 'me', password: 'c' }],
    ['both in its query', { url: 'redis://h?username=me&password=own' }, { username: 'me', password: 'own' }],
    ['neither', { url: 'redis://h' }, { username: 'main', password: 'c' }],
    ['less than an option', { url: 'redis://me:own@h', password: 'x' }, { username: 'me', password: 'x' }],
  ];
  it.each(whose)('let a URL that is given win over variables: %s', (_what, options, credentials) => {
    const { data, driver, sentinel } = readSettings(options, { ...shared, ...sentinels });
    expect(data.credentials).toMatchObject(credentials);
    const { username, password } = data.credentials;
    expect([driver.username, driver.password]).toEqual([username, password]);
    expect(sentinel.credentials.password).toBe(password);
    expect(readSettings({ url: 'redis://h?silenceMs=70' }, shared).ha.silenceMs).toBe(70);
  });

  it('go on following the sentinels where a URL is given, and where host and port are with a strategy', () => {
    const { ha } = readSettings({ url: 'redis://me:own@cache:6380' }, sentinels);
    expect(ha.strategy).toBe('sentinel');
    for (const strategy of ['sentinel', 'single'] as const)
      expect(readSettings({ host: '10.0.0.9', strategy }, sentinels).ha.strategy).toBe(strategy);
    expect(readSettings({ host: 'h', sentinels: 's1' }, {}).ha.strategy).toBe('sentinel');
  });

  it.each([
    ['falls back to the data nodes', {}, 'p'],
    ['is its own', { REDIS_SENTINEL_PASSWORD: 's' }, 's'],
    ['is none where it is empty', { REDIS_SENTINEL_PASSWORD: '' }, ''],
  ])("the sentinels' password %s", (_says, env, password) => {
    const { sentinel } = readSettings({}, { ...sentinels, REDIS_PASSWORD: 'p', ...env });
    expect(sentinel.credentials.password).toBe(password);
  });

  it('dial sentinels as ioredis does: over the given family, without TLS where sentinelTLS is null, and no others where told so', () => {
    const given = { sentinelTLS: null as never, family: 6, updateSentinels: false };
    const { sentinel } = readSettings(given, sentinels);
    expect(sentinel).toMatchObject({ tls: undefined, family: 6, learns: false });
    const overTls = { ...sentinels, REDIS_URL: 'rediss://h' };
    expect(readSettings({ sentinelTLS: null as never }, overTls).sentinel.tls).toBeDefined();
    expect(readSettings({}, sentinels).sentinel.learns).toBe(true);
  });

  it('turn verification off only where that is asked for', () => {
    const env = { REDIS_URL: 'rediss://h' };
    expect(readSettings({}, env).data.tls).not.toHaveProperty('rejectUnauthorized');
    expect(readSettings({}, { ...env, REDIS_OPENSSL_VERIFY_MODE: 'none' }).data.tls).toMatchObject({
      rejectUnauthorized: false,
    });
  });

  it("pass ioredis's own options through, null meaning not set", () => {
    const { driver } = readSettings({ keyPrefix: 'p:', connectionName: 'me', password: null as never }, {});
    expect(driver).toMatchObject({ keyPrefix: 'p:', connectionName: 'me' });
    expect(driver).not.toHaveProperty('password');
  });

  const schemes: [url: string, tls: boolean, port: number][] = [
    ['redis://h', false, 6379],
    ['valkey://h:7000', false, 7000],
    ['rediss://h', true, 6379],
    ['valkeys://h:7000', true, 7000],
  ];
  it.each(schemes)('read %s as a URL of a managed endpoint', (url, tls, port) => {
    const { ha, endpoint, data, lookup } = readSettings({}, { REDIS_HA_STRATEGY: 'managed', REDIS_URL: url });
    expect([ha.strategy, endpoint.port, data.tls !== undefined]).toEqual(['managed', port, tls]);
    expect(lookup).toBeTypeOf('function');
    expect(data.tls ?? {}).not.toHaveProperty('rejectUnauthorized');
  });

  it('take certificates as text, several of them', () => {
    const [one = '', other = ''] = rootCertificates;
    const env = { REDIS_URL: 'rediss://h', REDIS_HA_CA: `${one}\n${other}`.replaceAll('\n', '\\n') };
    expect(readSettings({}, env).data.tls).toEqual({ minVersion: 'TLSv1.2', ca: `${one}\n${other}` });
  });

  const pings: [env: Record<string, string>, idlePingMs: number][] = [
    [{ REDIS_HA_PROVIDER: 'upstash', REDIS_URL: 'rediss://h' }, 60_000],
    [{ REDIS_HA_PROVIDER: 'aiven', REDIS_URL: 'valkeys://h:12345' }, 60_000],
    [{ REDIS_HA_PROVIDER: 'redis-cloud', REDIS_URL: 'redis://h:12345' }, 0],
    [{ REDIS_HA_PROVIDER: 'upstash', REDIS_URL: 'rediss://h', REDIS_HA_IDLE_PING_MS: '0' }, 0],
    [{ REDIS_HA_IDLE_PING_MS: '10s' }, 10_000],
    [{}, 0],
  ];
  it.each(pings)('with %o ping an idle link after %i ms', (env, idlePingMs) => {
    const managed = { REDIS_HA_STRATEGY: 'managed', REDIS_URL: 'redis://h' };
    expect(readSettings({}, { ...managed, ...env }).idlePingMs).toBe(idlePingMs);
  });
});

const wrong: { says: RegExp; options?: Record<string, unknown>; env?: Record<string, string> }[] = [
  {
    says: /^REDIS_HA_STRATGEY is no setting, and would do nothing; did you mean REDIS_HA_STRATEGY\?$/,
    env: { REDIS_HA_STRATGEY: 'managed' },
  },
  {
    says: /^REDIS_HA_STRATEGY is 'sentinal'; allowed: managed, sentinel, single; did you mean 'sentinel'\?$/,
    env: { REDIS_HA_STRATEGY: 'sentinal' },
  },
  {
    says: /^REDIS_HA_PROVIDER \(option provider\) is 'upstash'; allowed: with REDIS_HA_STRATEGY=managed alone/,
    env: { REDIS_HA_PROVIDER: 'upstash', REDIS_URL: 'rediss://h' },
  },
  {
    says: /^REDIS_HA_PROVIDER .* is 'upstash'; allowed: with rediss:\/\/ or valkeys:\/\//,
    env: { REDIS_HA_STRATEGY: 'managed', REDIS_HA_PROVIDER: 'upstash', REDIS_URL: 'redis://h' },
  },
  {
    says: /^REDIS_HA_PROVIDER .* is 'aiven'; allowed: with a port in REDIS_URL/,
    env: { REDIS_HA_STRATEGY: 'managed', REDIS_HA_PROVIDER: 'aiven', REDIS_URL: 'valkeys://h' },
  },
  { says: /^REDIS_HA_PROVIDER is 'heroku'; allowed: upstash, /, env: { REDIS_HA_PROVIDER: 'heroku' } },
  { says: /^REDIS_HA_DNS_SERVERS is 'a:b'; allowed: host:port/, env: { REDIS_HA_DNS_SERVERS: 'a:b' } },
  { says: /^REDIS_HA_IDLE_PING_MS is 'x'; allowed: milliseconds/, env: { REDIS_HA_IDLE_PING_MS: 'x' } },
  { says: /^option natMap\['a:1'\] is 'b'; allowed: /, options: { natMap: { 'a:1': 'b' } } },
  {
    says: /^options host and port is '10\.0\.0\.9:6380'; allowed: beside REDIS_SENTINELS with strategy: 'single'/,
    options: { host: '10.0.0.9', port: 6380 },
    env: { REDIS_SENTINELS: 's1' },
  },
  {
    says: /^option tls\.profile is 'RedisCloudFixed'; allowed: not used here; .*REDIS_HA_CA/,
    options: { tls: { profile: 'RedisCloudFixed' } },
  },
  { says: /^option natMap is 'string'; allowed: /, options: { natMap: 'a:1' } },
  {
    says: /^option tls.minVersion is 'TLSv1.1'; allowed: TLSv1.2, /,
    options: { tls: { minVersion: 'TLSv1.1' } },
  },
  { says: /^REDIS_SENTINELS .*needed by strategy sentinel/, env: { REDIS_HA_STRATEGY: 'sentinel' } },
  {
    says: /^REDIS_URL \(option url\) is 'not set'; allowed: .*needed by strategy managed$/,
    env: { REDIS_HA_STRATEGY: 'managed' },
  },
  {
    says: /^REDIS_HA_CA or REDIS_HA_CA_FILE \(option ca\) is '\(hidden\)'; allowed: with rediss:\/\/ .*not used$/,
    env: { REDIS_URL: 'redis://h', REDIS_HA_CA: 'secret' },
  },
  {
    says: /^REDIS_HA_CA or REDIS_HA_CA_FILE \(option ca\) is '\(hidden\)'; allowed: /,
    env: { REDIS_SENTINELS: 'h', REDIS_HA_CA_FILE: '/nowhere.pem' },
  },
  { says: /^option logger is 'object'; allowed: a pino logger$/, options: { logger: {}, lazyConnect: true } },
  { says: /^option db is 'x'; allowed: a whole number/, options: { db: 'x' } },
  { says: /^REDIS_SENTINELS is 'h1:99999'; allowed: host:port/, env: { REDIS_SENTINELS: 'h1:99999' } },
  {
    says: /^REDIS_HA_FAILOVER_WAIT_MS is 'soon'; allowed: milliseconds from 0 to/,
    env: { REDIS_HA_FAILOVER_WAIT_MS: 'soon' },
  },
  { says: /^REDIS_HA_SILENCE_MS is '1'; allowed/, env: { REDIS_HA_SILENCE_MS: '1' } },
  { says: /^REDIS_HA_DIAL_TIMEOUT_MS is '0'/, env: { REDIS_HA_DIAL_TIMEOUT_MS: '0' } },
  { says: /^REDIS_HA_MAX_WAITING is '0'; allowed: a whole number/, env: { REDIS_HA_MAX_WAITING: '0' } },
  { says: /^REDIS_HA_MAX_WAITING_BYTES is '1'/, env: { REDIS_HA_MAX_WAITING_BYTES: '1' } },
  { says: /^REDIS_HA_BLOCKING is 'no'; allowed: inline, dedicated/, env: { REDIS_HA_BLOCKING: 'no' } },
  { says: /^REDIS_HA_BLOCKING_CHECK_MS is '10ms'/, env: { REDIS_HA_BLOCKING_CHECK_MS: '10ms' } },
  { says: /^REDIS_HA_USE_MAX is '0'; allowed: a whole number/, env: { REDIS_HA_USE_MAX: '0' } },
  { says: /^REDIS_HA_USE_IDLE_MS is '5'/, env: { REDIS_HA_USE_IDLE_MS: '5' } },
  { says: /^REDIS_HA_READER_MAX_LAG_MS is '0'/, env: { REDIS_HA_READER_MAX_LAG_MS: '0' } },
  { says: /^REDIS_HA_REFRESH_MS is '1'/, env: { REDIS_HA_REFRESH_MS: '1' } },
  { says: /^REDIS_HA_HOLD is 'maybe'; allowed: true or false/, env: { REDIS_HA_HOLD: 'maybe' } },
  {
    says: /^REDIS_HA_FOLLOW is 'promotion'; allowed: announced, promoted/,
    env: { REDIS_HA_FOLLOW: 'promotion' },
  },
  {
    says: /^REDIS_HA_REPLICA_HEARTBEAT_MS is '10'; allowed: 0 for off, or milliseconds from 20 to 60000/,
    env: { REDIS_HA_REPLICA_HEARTBEAT_MS: '10' },
  },
  { says: /^REDIS_HA_HELLO_FENCE is 'maybe'/, env: { REDIS_HA_HELLO_FENCE: 'maybe' } },
  { says: /^REDIS_HA_SURVIVAL_REPORT is 'maybe'/, env: { REDIS_HA_SURVIVAL_REPORT: 'maybe' } },
  { says: /^REDIS_HA_HOLD_MAX_MS is '1h'/, env: { REDIS_HA_HOLD_MAX_MS: '1h' } },
  {
    says: /^REDIS_OPENSSL_VERIFY_MODE is 'no'; allowed: none, peer/,
    env: { REDIS_OPENSSL_VERIFY_MODE: 'no' },
  },
  {
    says: /^REDIS_URL is '\(hidden: .*redis:\/\/, rediss:\/\/.*; allowed: redis:\/\//,
    env: { REDIS_URL: 'http://u:secret@h' },
  },
  { says: /^REDIS_URL is '\(hidden: a % in user or password/, env: { REDIS_URL: 'redis://:50%secret@h' } },
  { says: /^option host is 6379; allowed: a text/, options: { host: 6379 } },
  { says: /^option port is 'object'/, options: { port: {} } },
  { says: /^option tls is '\(hidden\)'; allowed: true, false/, options: { tls: 'secret' } },
  {
    says: /^REDIS_HA_CA or REDIS_HA_CA_FILE \(option ca\) is '\(hidden: neither PEM text nor a path\)'; allowed: .*cannot be read as a file/,
    env: {
      REDIS_URL: 'rediss://h',
      REDIS_HA_CA: Buffer.from('-----BEGIN secret\n'.repeat(3)).toString('base64'),
    },
  },
  { says: /^REDIS_URL is '\(hidden: the database/, env: { REDIS_URL: 'redis://u:secret@h/zero' } },
  {
    says: /^REDIS_HA_CA or REDIS_HA_CA_FILE \(option ca\) is '\/nowhere\.pem'; allowed: .*ENOENT/,
    env: { REDIS_URL: 'rediss://h', REDIS_HA_CA_FILE: '/nowhere.pem' },
  },
  {
    says: /^REDIS_HA_CA or REDIS_HA_CA_FILE \(option ca\) is .*no\.pem'; allowed: .*holds none/,
    env: { REDIS_URL: 'rediss://h', REDIS_HA_CA_FILE: noPem },
  },
  { says: /^REDIS_HA_LOG_LEVEL is 'loud'/, env: { REDIS_HA_LOG_LEVEL: 'loud' } },
  { says: /^option silenceMs is "fast"|^option silenceMs is 'fast'/, options: { silenceMs: 'fast' } },
  { says: /^option retryStrategy cannot be used: .*failoverWaitMs/, options: { retryStrategy: () => 1 } },
  { says: /^option Connector cannot be used/, options: { Connector: class {} } },
  { says: /^option path cannot be used/, options: { path: '/tmp/redis.sock' } },
  { says: /^options host and port is 'h:0'/, options: { host: 'h', port: 0 } },
];

describe('a wrong setting', () => {
  it.each(wrong)('$says', ({ says, options = {}, env = {} }) => {
    const read = (): unknown => readSettings(options as HaRedisOptions, env);
    expect(read).toThrow(says);
    expect(read).not.toThrow(/secret/);
    expect(read).toThrow(expect.objectContaining({ code: 'HA_CONFIG', outcome: 'notSent' }));
  });
});
