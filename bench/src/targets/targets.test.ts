import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseTarget } from './parse-target.ts';
import { readTargets } from './read-targets.ts';
import { redactArguments, Redactor, redactUrl } from './redact.ts';
import { describeTarget, usesTls } from './target.ts';

const folder = mkdtempSync(join(tmpdir(), 'steadfast-targets-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fileOf = (text: string): string => {
  const file = join(folder, 'targets.json');
  writeFileSync(file, text);
  return file;
};

describe('a target', () => {
  it.each([
    ['a=postgres://app:pw@db/inbox', 'pg', 'single', { DATABASE_URL: 'postgres://app:pw@db/inbox' }],
    [
      'a=postgres://app:pw@db1,db2/inbox?strategy=hosts&sslmode=require',
      'pg',
      'hosts',
      { DATABASE_URL: 'postgres://app:pw@db1,db2/inbox?sslmode=require' },
    ],
    [
      'a=postgres://app:pw@db/inbox?strategy=patroni&PG_HA_PATRONI_URLS=http://a:8008,http://b:8008',
      'pg',
      'patroni',
      { DATABASE_URL: 'postgres://app:pw@db/inbox', PG_HA_PATRONI_URLS: 'http://a:8008,http://b:8008' },
    ],
    ['a=redis://h/0?REDIS_SENTINELS=s1', 'redis', 'sentinel', { REDIS_SENTINELS: 's1' }],
    [
      'a=redis://:pw@h/0?strategy=sentinel&REDIS_SENTINELS=s1:26379,s2&REDIS_SENTINEL_PASSWORD=p%26q',
      'redis',
      'sentinel',
      { REDIS_URL: 'redis://:pw@h/0', REDIS_SENTINELS: 's1:26379,s2', REDIS_SENTINEL_PASSWORD: 'p&q' },
    ],
  ])('%s', (spec, library, strategy, env) => {
    expect(parseTarget(spec)).toMatchObject({ name: 'a', library, strategy, env });
  });

  it.each([
    ['main', /--target 'main'; allowed: name=url/],
    ['=postgres://h/d', /allowed: name=url/],
    ['a b=postgres://h/d', /target 'a b': its name; allowed: 1 to 40/],
    ['a=mysql://h/d', /target 'a': scheme 'mysql'; allowed: postgres, /],
    [
      'a=postgres://h/d?strategy=sentinel',
      /target 'a': strategy 'sentinel'; allowed: haproxy, hosts, managed, patroni, single$/,
    ],
    ['a=redis://h?strategy=haproxy', /strategy 'haproxy'; allowed: managed, sentinel, single$/],
    ['a=postgres://h/d?PGPASSWORD=a%b', /'PGPASSWORD' of a target has a % that stands for nothing/],
    ['a=redis://h?PG_HA_POOLER=true', /variable 'PG_HA_POOLER'; allowed: those of redis-ha/],
  ])('%s is refused in words that help', (spec, message) => {
    expect(() => parseTarget(spec)).toThrow(message);
  });

  it.each([
    ['postgres://app:pw@h/d', true],
    ['postgres://app:pw@h/d?strategy=managed', false],
    ['postgres://app:pw@h/d?strategy=managed&sslmode=verify-full', true],
    ['postgres://app:pw@h/d?strategy=managed&sslmode=verify-full&PG_HA_CA=/ca.pem', false],
    ['postgres://app:pw@h/d?sslmode=verify-full&PGSSLROOTCERT=/ca.pem', false],
    ['postgres://app@h/d?PGPASSWORD=pw', false],
    ['postgres://app:pw@h1,h2/d?strategy=hosts', false],
    ['postgres://app:pw@h/d?strategy=patroni&PG_HA_PATRONI_URLS=http://h:8008', false],
    ['postgres://app:pw@h/d?strategy=haproxy&PG_HA_HOSTS=h', true],
    ['postgres://app:pw@h:5432/d?strategy=haproxy&PG_HA_HOSTS=h', true],
    ['postgres://app:pw@h:5000/d?strategy=haproxy&PG_HA_HOSTS=h', false],
    ['postgres://app:pw@h/d?strategy=haproxy&PG_HA_HOSTS=lb1,lb2', false],
    ['postgres://app:pw@h/d?sslmode=disable&strategy=managed&PG_HA_DNS_SERVERS=10.0.0.2', false],
    ['redis://h?strategy=managed', true],
    ['redis://h?strategy=managed&REDIS_HA_DNS_SERVERS=10.0.0.2', false],
    ['rediss://h?strategy=managed&REDIS_PASSWORD=pw', false],
  ])('%s can be measured with a stock client: %s', (url, can) => {
    expect(parseTarget(`a=${url}`).stockEnv !== undefined).toBe(can);
  });

  it.each([
    ['postgres://h/d', false],
    ['postgres://h/d?strategy=managed', true],
    ['postgres://h/d?strategy=managed&sslmode=disable', false],
    ['postgres://h/d?sslmode=require', true],
    ['redis://h', false],
    ['rediss://h', true],
    ['valkeys://h', true],
  ])('%s uses TLS: %s', (url, tls) => {
    expect(usesTls(parseTarget(`a=${url}`))).toBe(tls);
  });
});

describe('targets', () => {
  it('come from a file, with what a URL cannot say', () => {
    const file = fileOf(
      JSON.stringify({
        one: 'postgres://app:pw@h/d',
        two: {
          url: 'redis://h',
          env: { REDIS_HA_STRATEGY: 'managed' },
          deployment: 'redis-managed',
          failoverCommand: 'true',
          failoverIs: 'crash',
        },
      }),
    );
    expect(readTargets([], file, {})).toMatchObject([
      { name: 'one', library: 'pg' },
      {
        name: 'two',
        strategy: 'managed',
        deployment: 'redis-managed',
        failoverCommand: 'true',
        failoverIs: 'crash',
      },
    ]);
  });

  it('say in the result whose they are, where that is known', () => {
    const providerOf = (spec: string): string | undefined => describeTarget(parseTarget(spec), '').provider;
    expect(providerOf('a=postgres://h/d?strategy=managed&PG_HA_PROVIDER=aiven')).toBe('aiven');
    expect(providerOf('a=redis://h?strategy=managed&REDIS_HA_PROVIDER=upstash')).toBe('upstash');
    expect(providerOf('a=postgres://h/d?strategy=managed')).toBeUndefined();
  });

  it('come from the environment where nothing else is said', () => {
    const env = { PGHOST: 'h', PGUSER: 'u', REDIS_SENTINELS: 's1,s2', HOME: '/x' };
    expect(readTargets([], undefined, env)).toEqual([
      { name: 'pg', library: 'pg', strategy: 'single', env: { PGHOST: 'h', PGUSER: 'u' }, server: 'pg' },
      {
        name: 'redis',
        library: 'redis',
        strategy: 'sentinel',
        env: { REDIS_SENTINELS: 's1,s2' },
        server: 'redis',
      },
    ]);
    expect(readTargets(['a=redis://h'], undefined, env)).toHaveLength(1);
  });

  it.each([
    ['none at all', [], undefined, /nothing to measure; allowed: --target name=url/],
    ['one name twice', ['a=redis://h', 'a=redis://i'], undefined, /target 'a' is given twice/],
    ['a file that is not there', [], '/nowhere.json', /cannot be read \(ENOENT\)/],
    ['a file that is no JSON', [], '{"a": "postgres://u:hunter22@h', /is not JSON/],
    ['a file that holds a list', [], '[]', /allowed: \{ "name"/],
    ['a target without a url', [], '{"a": {}}', /target 'a': it has no url/],
    ['a target with too much', [], '{"a": {"url": "redis://h", "uri": 1}}', /'uri'; allowed: url/],
    [
      'an unknown deployment',
      [],
      '{"a": {"url": "redis://h", "deployment": "x"}}',
      /deployment 'x'; allowed/,
    ],
    ['an env that is a text', [], '{"a": {"url": "redis://h", "env": "A=1"}}', /target 'a': env; allowed/],
    [
      'a variable that is no text',
      [],
      '{"a": {"url": "postgres://h/d", "env": {"PG_HA_POOL_MAX": 5}}}',
      /target 'a': env; allowed: an object of variables that are texts/,
    ],
    [
      'a command that is no text',
      [],
      '{"a": {"url": "redis://h", "failoverCommand": ["true"]}}',
      /target 'a': failoverCommand; allowed: a text/,
    ],
    [
      'a failover of a kind that there is not',
      [],
      '{"a": {"url": "redis://h", "failoverIs": "slow"}}',
      /target 'a': failoverIs 'slow'; allowed: crash, planned/,
    ],
    [
      'servers of a cluster without a strategy',
      ['a=postgres://h/d?PG_HA_PATRONI_URLS=http://h:8008'],
      undefined,
      /target 'a': PG_HA_STRATEGY \(option strategy\) is 'not set'/,
    ],
    [
      'a setting that its client refuses',
      ['a=redis://h?REDIS_HA_FAILOVER_WAIT_MS=soon'],
      undefined,
      /target 'a': .*FAILOVER_WAIT_MS/,
    ],
    [
      'a strategy that lacks something',
      ['a=postgres://h/d?strategy=patroni'],
      undefined,
      /PG_HA_PATRONI_URLS/,
    ],
  ])('%s: are refused', (_, specs, text, message) => {
    const file = text?.startsWith('/') === false ? fileOf(text) : text;
    const read = (): unknown => readTargets(specs, file, {});
    expect(read).toThrow(message);
    expect(read).not.toThrow(/hunter22/);
  });
});

describe('secrets', () => {
  it.each([
    ['postgres://app:s3cret@db:5432/inbox', 'postgres://db:5432/inbox'],
    ['postgres://app:s3c@ret/@db/inbox', 'postgres://db/inbox'],
    ['redis://:s3cret@h?strategy=sentinel&REDIS_SENTINEL_PASSWORD=s3cret', 'redis://h?strategy=sentinel&…'],
    ['rediss://h/0', 'rediss://h/0'],
  ])('are not in %s once it is redacted', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });

  it('are taken out of what is printed, however it came there', () => {
    const target = parseTarget('a=postgres://app:p%40ssw0rd@h/d?PGPASSWORD=another1&PG_HA_CA=-----BEGIN');
    const redactor = new Redactor([target]);
    expect(redactor.clean('login with p@ssw0rd, p%40ssw0rd or another1 failed at h')).toBe(
      'login with ***, *** or *** failed at h',
    );
  });

  it('are no paths of certificates', () => {
    const target = parseTarget('a=postgres://h/d?PG_HA_CA=/nowhere/ca.pem&PGSSLKEY=MIIEvQ/Key');
    const said = "PG_HA_CA is '/nowhere/ca.pem', PGSSLKEY is 'MIIEvQ/Key'";
    expect(new Redactor([target]).clean(said)).toBe("PG_HA_CA is '/nowhere/ca.pem', PGSSLKEY is '***'");
  });

  it('are not in the command line that is kept', () => {
    expect(redactArguments(['run', '--target', 'a=postgres://u:pw@h/d?PGPASSWORD=x', '--rate=5'])).toBe(
      "run --target 'a=postgres://h/d?…' --rate=5",
    );
    expect(redactArguments(['--target=a=redis://:pw@h'])).toBe('--target=a=redis://h');
    const command = "curl -H 'Authorization: Bearer tok' https://api";
    expect(redactArguments(['--failover-command', command, '--lab'])).toBe('--failover-command … --lab');
    expect(redactArguments([`--failover-command=${command}`])).toBe('--failover-command=…');
  });
});
