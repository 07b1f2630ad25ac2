import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { endpointKey } from '@steadfast/shared';
import { afterAll, describe, expect, it } from 'vitest';
import { readPoolOptions, settingWarnings, type HaPoolOptions, type PoolSettings } from './pool-options.ts';

const read = (env: Record<string, string>, options: HaPoolOptions = {}): PoolSettings =>
  readPoolOptions({ ...options, env });
const folder = mkdtempSync(join(tmpdir(), 'pg-ha-options-'));
const ca = join(folder, 'ca.pem');
const [pem = '', other = ''] = rootCertificates;
writeFileSync(ca, pem);
afterAll(() => rmSync(folder, { recursive: true }));

describe('where the settings come from', () => {
  it('takes DATABASE_URL before its parts', () => {
    const { pool } = read({
      DATABASE_URL: 'postgres://app:p%40ss@db:6000/inbox?application_name=web',
      POSTGRES_HOST: 'other',
      PGHOST: 'third',
    });
    expect(pool).toMatchObject({
      host: 'db',
      port: 6000,
      user: 'app',
      password: 'p@ss',
      database: 'inbox',
      application_name: 'web',
    });
  });

  it('passes on what else the URL says to pg', () => {
    const { pool } = read({
      DATABASE_URL: 'postgres://a@db/x?options=-csearch_path%3Dtenant&statement_timeout=500&pool=5',
    });
    expect(pool).toMatchObject({ options: '-csearch_path=tenant', statement_timeout: '500' });
    expect(pool).not.toHaveProperty('pool');
  });

  it('takes an @ in a password that nobody escaped', () => {
    expect(read({ DATABASE_URL: 'postgres://app:P@ssw0rd@db1/x' }).pool).toMatchObject({
      host: 'db1',
      password: 'P@ssw0rd',
    });
  });

  const leaky = [
    'postgres://app:se#cret@db/x',
    'postgres://app:se/cret@db/x',
    'mysql://app:se/cret@db/x',
    'postgres://app:secret@a:b:c/x',
    'postgres://app:secret',
    'postgres://app:se/cret@db/x?sslmode=require',
    'postgres://app:se/cr?et@db/x',
  ];
  for (const url of leaky) {
    it(`shows nothing of the password in ${url.slice(0, 12)}…, however wrong`, () => {
      let message = '';
      try {
        read({ DATABASE_URL: url });
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toContain('DATABASE_URL');
      expect(message).not.toMatch(/se.?cret|cret|et@/);
    });
  }

  it('honours the names a Chatwoot deployment has', () => {
    const env = {
      POSTGRES_HOST: 'db',
      POSTGRES_DATABASE: 'inbox',
      POSTGRES_USERNAME: 'app',
      POSTGRES_PASSWORD: 'x',
    };
    const { pool } = read({ ...env, POSTGRES_STATEMENT_TIMEOUT: '14s', RAILS_MAX_THREADS: '5' });
    expect(pool).toMatchObject({
      host: 'db',
      port: 5432,
      user: 'app',
      database: 'inbox',
      statement_timeout: 14_000,
      max: 5,
    });
  });

  it('reads PG* as libpq does', () => {
    const { pool } = read({
      PGHOST: 'db',
      PGPORT: '6000',
      PGUSER: 'app',
      PGDATABASE: 'inbox',
      PGPASSWORD: 'x',
      PGSSLMODE: 'require',
    });
    expect(pool).toMatchObject({
      host: 'db',
      port: 6000,
      user: 'app',
      ssl: { rejectUnauthorized: false, minVersion: 'TLSv1.2' },
    });
  });

  const lists: [env: Record<string, string>, endpoints: string][] = [
    [{ DATABASE_URL: 'postgres://u:p@h1:1,h2:2/db?target_session_attrs=primary' }, 'h1:1 h2:2'],
    [{ DATABASE_URL: 'postgres://u@h1,[fd00::2]:2/db' }, 'h1:5432 [fd00::2]:2'],
    [{ DATABASE_URL: 'postgres://u@/db?host=h1,h2&port=1,2' }, 'h1:1 h2:2'],
    [{ PGHOST: 'h1,h2', PGPORT: '6000' }, 'h1:6000 h2:6000'],
    [{ PGHOST: 'h1,fd00::2', PGPORT: '1,2' }, 'h1:1 [fd00::2]:2'],
    [{ PGHOST: '/var/run/postgresql' }, '/var/run/postgresql:5432'],
    [{}, 'localhost:5432'],
  ];
  for (const [env, endpoints] of lists) {
    it(`reads the hosts of ${JSON.stringify(env)} as libpq does`, () => {
      expect(read(env).connection.endpoints.map(endpointKey).join(' ')).toBe(endpoints);
    });
  }

  it('lets options win, and passes pg-pool’s own through', () => {
    const env = { DATABASE_URL: 'postgres://a@db/x', PG_HA_POOL_MAX: '7' };
    const { pool } = read(env, { host: 'mine', max: 3, idleTimeoutMillis: 1 });
    expect(pool).toMatchObject({ host: 'mine', user: 'a', max: 3, idleTimeoutMillis: 1 });
    expect(pool).not.toHaveProperty('connectionString');
    expect(read({}, { poolSize: 4 } as HaPoolOptions).pool).toMatchObject({ max: 4 }); // its older name for max
  });
});

describe('sslmode', () => {
  const ssl = (query: string, env: Record<string, string> = {}): unknown =>
    read({ ...env, DATABASE_URL: `postgres://a@db/x?${query}` }).pool.ssl;

  it('ssl=true means verified, as in pg', () => expect(ssl('ssl=true')).toEqual({ minVersion: 'TLSv1.2' }));
  it('disable means none', () => expect(ssl('sslmode=disable')).toBe(false));
  it('require encrypts and verifies nothing', () =>
    expect(ssl('sslmode=require')).toMatchObject({ rejectUnauthorized: false }));
  it('require with a root certificate verifies the chain, as in libpq', () => {
    const options = ssl(`sslmode=require&sslrootcert=${ca}`) as {
      rejectUnauthorized?: boolean;
      checkServerIdentity?: () => unknown;
    };
    expect(options.rejectUnauthorized).toBeUndefined();
    expect(options.checkServerIdentity?.()).toBeUndefined();
  });
  it('is verify-full for a managed endpoint, unless said otherwise', () => {
    const env = { PG_HA_STRATEGY: 'managed', PGSSLROOTCERT: ca };
    expect(ssl('', env)).toEqual({ minVersion: 'TLSv1.2', ca: pem });
    expect(ssl('sslmode=disable', env)).toBe(false);
  });
  it('verify-full leaves Node’s own check of the host name in place', () => {
    expect(ssl('sslmode=verify-full', { PGSSLROOTCERT: ca })).toEqual({
      minVersion: 'TLSv1.2',
      ca: pem,
    });
  });
});

describe('who may serve', () => {
  const url = (query: string): string => `postgres://u@a,b/db?${query}`;
  const rows: [
    what: string,
    env: Record<string, string>,
    options: HaPoolOptions,
    prefer: string | undefined,
  ][] = [
    ['nothing said: the primary', {}, {}, undefined],
    ['read-write', { DATABASE_URL: url('target_session_attrs=read-write') }, {}, undefined],
    ['the URL', { DATABASE_URL: url('target_session_attrs=standby') }, {}, 'standby'],
    ['libpq’s variable', { PGTARGETSESSIONATTRS: 'any' }, {}, 'any'],
    [
      'the URL before the variable',
      { DATABASE_URL: url('target_session_attrs=prefer-standby'), PGTARGETSESSIONATTRS: 'any' },
      {},
      'prefer-standby',
    ],
    [
      'the option before both',
      { DATABASE_URL: url('target_session_attrs=standby'), PGTARGETSESSIONATTRS: 'any' },
      { targetSessionAttrs: 'primary' },
      undefined,
    ],
    ['read-only', { PGTARGETSESSIONATTRS: 'read-only' }, {}, 'standby'],
  ];
  it.each(rows)('%s', (_what, env, options, prefer) => {
    expect(read({ PG_HA_STRATEGY: 'hosts', ...env }, options).target?.prefer).toBe(prefer);
  });

  it('in the order listed, where hosts are not to be balanced', () => {
    expect(read({ DATABASE_URL: url('load_balance_hosts=disable') }).ha.loadBalanceHosts).toBe('disable');
    expect(read({ PGLOADBALANCEHOSTS: 'disable' }).ha.loadBalanceHosts).toBe('disable');
    expect(read({}).ha.loadBalanceHosts).toBe('random');
  });
});

describe('certificates to trust', () => {
  const managed = { PG_HA_STRATEGY: 'managed', DATABASE_URL: 'postgres://a@db/x' };
  const rows: [what: string, env: Record<string, string>, ca: string | undefined, trust: string][] = [
    ['a file', { PG_HA_CA: ca }, pem, `PG_HA_CA ${ca}`],
    ['the text itself', { PG_HA_CA: pem }, pem, 'PG_HA_CA (PEM text)'],
    [
      'text whose breaks are written as \\n',
      { PG_HA_CA: pem.replaceAll('\n', '\\n') },
      pem,
      'PG_HA_CA (PEM text)',
    ],
    ['several', { PGSSLROOTCERT: `${pem}\n${other}` }, `${pem}\n${other}`, 'PGSSLROOTCERT (PEM text)'],
    ['ours before libpq’s', { PG_HA_CA: pem, PGSSLROOTCERT: other }, pem, 'PG_HA_CA (PEM text)'],
    ['the system’s', { PGSSLROOTCERT: 'system' }, undefined, 'PGSSLROOTCERT system'],
    ['the system’s where nothing is said', {}, undefined, "PG_HA_CA (not set: the system's certificates)"],
  ];
  for (const [what, env, value, trust] of rows) {
    it(`takes ${what}, and verifies in full`, () => {
      const { ssl } = read({ ...managed, ...env }).connection;
      expect(ssl).toEqual({ value: { minVersion: 'TLSv1.2', ...(value && { ca: value }) }, trust });
    });
  }

  it('turn TLS on for any strategy, where they are given by our name', () => {
    expect(read({ PG_HA_CA: ca }).pool.ssl).toEqual({ minVersion: 'TLSv1.2', ca: pem });
  });

  it('never go below TLS 1.2, whatever the option ssl says', () => {
    expect(read({}, { ssl: { servername: 'x' } }).pool.ssl).toMatchObject({
      minVersion: 'TLSv1.2',
      servername: 'x',
    });
    expect(() => read({}, { ssl: { minVersion: 'TLSv1' } })).toThrow(
      "option ssl.minVersion is 'TLSv1'; allowed: TLSv1.2, TLSv1.3",
    );
  });

  it('check the name where the system’s are all there is to go by: they vouch for everybody', () => {
    const ssl = (query: string): unknown => read({ DATABASE_URL: `postgres://a@db/x?${query}` }).pool.ssl;
    const nameless = { checkServerIdentity: expect.any(Function) };
    expect(ssl('sslmode=verify-ca')).not.toMatchObject(nameless);
    expect(ssl('sslmode=verify-ca&sslrootcert=system')).not.toMatchObject(nameless);
    expect(ssl(`sslmode=verify-ca&sslrootcert=${ca}`)).toMatchObject(nameless);
  });

  const warned: [query: string, warnings: number][] = [
    ['sslmode=require', 1],
    ['sslmode=verify-ca', 0],
    ['sslmode=verify-full', 0],
    ['sslmode=disable', 0],
    [`sslmode=require&sslrootcert=${ca}`, 0],
  ];
  for (const [query, warnings] of warned) {
    it(`${warnings ? 'says' : 'has no reason to say'} that ${query} verifies nothing`, () => {
      const settings = read({ DATABASE_URL: `postgres://a@db/x?${query}` });
      expect(settingWarnings(settings)).toHaveLength(warnings);
    });
  }
});

describe('providers', () => {
  const rows: [provider: string, hosts: string, endpoint: string, pooler: boolean][] = [
    ['hetzner', 'db', 'db:5432', false],
    ['digitalocean', 'db', 'db:25060', false],
    ['digitalocean', 'db:25061', 'db:25061', true],
    ['aiven', 'db:12345', 'db:12345', false],
  ];
  for (const [provider, hosts, endpoint, pooler] of rows) {
    it(`${provider} at ${hosts} is ${endpoint}${pooler ? ', behind a pooler' : ''}`, () => {
      const settings = read({
        PG_HA_STRATEGY: 'managed',
        PG_HA_PROVIDER: provider,
        PG_HA_CA: ca,
        DATABASE_URL: `postgres://a@${hosts}/x`,
      });
      expect(settings.connection.endpoints.map(endpointKey)).toEqual([endpoint]);
      expect(settings.pooler !== undefined).toBe(pooler);
    });
  }

  it('lets the app say whether a pooler stands at a port', () => {
    const env = { PG_HA_STRATEGY: 'managed', PG_HA_PROVIDER: 'digitalocean', PG_HA_CA: ca, PGHOST: 'db' };
    expect(read({ ...env, PGPORT: '25061', PG_HA_POOLER: 'no' }).pooler).toBeUndefined();
    expect(read({ ...env, PG_HA_POOLER: 'yes' }).pooler).toBeDefined();
  });

  it('names the standbys’ host where a provider documents it', () => {
    const env = {
      PG_HA_STRATEGY: 'managed',
      PG_HA_PROVIDER: 'aiven',
      PG_HA_CA: ca,
      PGHOST: 'db',
      PGPORT: '1',
    };
    expect(read(env).provider?.replicaHost?.('pg.example')).toBe('replica-pg.example');
  });
});

describe('behind a pooler', () => {
  it('nothing is sent at the start that a pooler refuses, and the timeout goes along with transactions', () => {
    const { pool, pooler } = read({ PG_HA_POOLER: '1', POSTGRES_STATEMENT_TIMEOUT: '14s' });
    expect(pool).not.toHaveProperty('statement_timeout');
    expect(pooler).toEqual({ statementTimeoutMs: 14_000 });
    expect(settingWarnings(read({ PG_HA_POOLER: '1', POSTGRES_STATEMENT_TIMEOUT: '14s' }))).toHaveLength(1);
  });

  const refused: [env: Record<string, string>, options: HaPoolOptions, what: string][] = [
    [{ DATABASE_URL: 'postgres://a@db/x?options=-csearch_path%3Dtenant' }, {}, 'options'],
    [{ PGOPTIONS: '-csearch_path=tenant' }, {}, 'options'],
    [{}, { lock_timeout: 5 }, 'lock_timeout'],
    [{}, { idle_in_transaction_session_timeout: 5 }, 'idle_in_transaction_session_timeout'],
  ];
  for (const [env, options, what] of refused) {
    it(`${what} is refused, since leaving it out would change what statements do`, () => {
      expect(() => read({ PG_HA_POOLER: 'true', ...env }, options)).toThrow(
        new RegExp(`^option ${what} is .*; allowed: not set behind a pooler`),
      );
    });
  }
});

describe('a wrong setting gives one line naming it', () => {
  const rows: [env: Record<string, string>, message: string | RegExp][] = [
    [
      { PG_HA_STRATEGY: 'patorni' },
      "PG_HA_STRATEGY is 'patorni'; allowed: haproxy, hosts, managed, patroni, single; did you mean 'patroni'?",
    ],
    [
      { PG_HA_STRATEGY: 'cloud' },
      "PG_HA_STRATEGY is 'cloud'; allowed: haproxy, hosts, managed, patroni, single",
    ],
    [
      { PG_HA_PATRONI_URLS: 'h1' },
      "PG_HA_PATRONI_URLS is 'h1'; allowed: a comma-separated list of http:// or https://",
    ],
    [{ PG_HA_HOSTS: 'h1:99999' }, "PG_HA_HOSTS is 'h1:99999'; allowed: host:port"],
    [
      { PG_HA_FAILOVER_WAIT_MS: 'soon' },
      "PG_HA_FAILOVER_WAIT_MS is 'soon'; allowed: milliseconds from 100 to 3600000",
    ],
    [{ DATABASE_URL: 'mysql://a:secret@db/x' }, "DATABASE_URL is 'mysql://***@db/x'; allowed: postgres://"],
    [{ PGHOST: 'db', PGPORT: '0' }, "PGHOST and PGPORT is 'db:0'; allowed: host[,host…] and one port"],
    [
      { PGHOST: 'a,b,c', PGPORT: '1,2' },
      "PGHOST and PGPORT is 'a,b,c:1,2'; allowed: host[,host…] and one port",
    ],
    [{ DATABASE_URL: 'postgres://u@a:1,b:x/db' }, "DATABASE_URL host and port is 'a:1,b:***:'"],
    [
      { DATABASE_URL: 'postgres://u@a/db?target_session_attrs=standbye' },
      "target_session_attrs (DATABASE_URL) is 'standbye'; allowed: any, read-write, read-only, primary, standby, prefer-standby; did you mean 'standby'?",
    ],
    [
      { DATABASE_URL: 'postgres://u@a/db?load_balance_hosts=yes' },
      "load_balance_hosts (DATABASE_URL) is 'yes'; allowed: random, disable",
    ],
    [
      { PGTARGETSESSIONATTRS: 'master' },
      "PGTARGETSESSIONATTRS is 'master'; allowed: any, read-write, read-only, primary, standby, prefer-standby",
    ],
    [
      { PGSSLMODE: 'verify_full' },
      "PGSSLMODE is 'verify_full'; allowed: disable, require, verify-ca, verify-full; did you mean 'verify-full'?",
    ],
    [
      { PGSSLMODE: 'verify-full', PGSSLROOTCERT: '/nowhere.pem' },
      /PGSSLROOTCERT is '\/nowhere.pem'; allowed: the path of a readable PEM file, or PEM text, .*\(ENOENT/,
    ],
    [
      { PG_HA_PROVIDER: 'aiven' },
      "PG_HA_PROVIDER (option provider) is 'aiven'; allowed: with PG_HA_STRATEGY=managed alone; else not set",
    ],
    [
      { PG_HA_STRATEGY: 'managed', PG_HA_PROVIDER: 'aiven', PG_HA_CA: ca, PGHOST: 'db' },
      /^PGHOST and PGPORT is 'db:'; allowed: .*this provider gives each service a port of its own$/,
    ],
    [
      { PG_HA_STRATEGY: 'managed', PG_HA_PROVIDER: 'digitalocean', PGHOST: 'db' },
      /^PG_HA_CA \(option ca\) is 'not set'; allowed: with this provider, the CA certificate of your project/,
    ],
    [
      { PG_HA_CA: '-----BEGIN CERTIFICATE-----\nMII' },
      /^PG_HA_CA is '\(PEM text\)'; allowed: .*this holds none$/,
    ],
    [
      { PG_HA_CA: `${pem}\n-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----` },
      /^PG_HA_CA is '\(PEM text\)'; allowed: .*number 2 of 2 cannot be read$/,
    ],
    [
      { PG_HA_CA: Buffer.from(pem).toString('base64') },
      /^PG_HA_CA is '\(hidden: neither PEM text nor a path\)'; allowed: .*\(it cannot be read as a file\)$/,
    ],
    [{ PG_HA_CA: '/dev/zero' }, /^PG_HA_CA is '\/dev\/zero'; allowed: .*more than 1048576 bytes/],
    [{ PG_HA_HOSTS: 'app:secret@h1:5432' }, "PG_HA_HOSTS is '***@h1:5432'; allowed: host:port"],
    [{ PGHOST: '/tmp', PGPORT: 'x' }, "PGHOST and PGPORT is '/tmp:x'"],
    [{ RAILS_MAX_THREADS: '-1' }, "RAILS_MAX_THREADS is '-1'; allowed: a whole number from 1 to 10000"],
    [{ POSTGRES_STATEMENT_TIMEOUT: '14 parsecs' }, "POSTGRES_STATEMENT_TIMEOUT is '14 parsecs'"],
  ];
  for (const [env, message] of rows) {
    it(JSON.stringify(env), () => {
      expect(() => read(env)).toThrow(message);
      expect(() => read(env)).toThrow(expect.objectContaining({ code: 'HA_CONFIG', outcome: 'notSent' }));
    });
  }
});
