import { describe, expect, it } from 'vitest';
import { endpoints, nameServers, urls } from './lists.ts';
import { hideUserinfo, readOptions, refuseMisspelt, type OptionTable } from './read-options.ts';
import { choice, flag, integer, milliseconds, text } from './setting.ts';

interface Options {
  strategy: 'patroni' | 'haproxy';
  max: number;
  waitMs: number;
  keep: boolean;
  password: string | undefined;
  hosts: readonly { host: string; port: number }[] | undefined;
  names: readonly { host: string; port: number }[] | undefined;
  urls: readonly URL[] | undefined;
}
const table: OptionTable<Options> = {
  strategy: { setting: choice(['patroni', 'haproxy']), env: ['STRATEGY'], default: 'patroni' },
  max: { setting: integer(1, 100), env: ['MAX', 'THREADS'], default: 10 },
  waitMs: { setting: milliseconds(0, 60_000), env: ['WAIT_MS'], default: 5 },
  keep: { setting: flag(), env: ['KEEP'], default: false },
  password: { setting: text('any text'), env: ['PASSWORD'], default: undefined, secret: true },
  hosts: { setting: endpoints(5432), env: ['HOSTS'], default: undefined },
  names: { setting: nameServers(), env: ['NAMES'], default: undefined },
  urls: { setting: urls(['http://', 'https://']), env: ['URLS'], default: undefined },
};

describe('readOptions', () => {
  it('takes options before the environment, and that before defaults', () => {
    const options = readOptions(
      table,
      { max: 3 },
      { MAX: '4', WAIT_MS: '14s', KEEP: 'Yes', HOSTS: 'a,b:1', THREADS: '9' },
    );
    expect(options).toMatchObject({ strategy: 'patroni', max: 3, waitMs: 14_000, keep: true });
    expect(options.hosts).toEqual([
      { host: 'a', port: 5432 },
      { host: 'b', port: 1 },
    ]);
    expect(Object.isFrozen(options)).toBe(true);
  });

  it('counts an empty variable as not set, and falls through to the next name', () => {
    expect(readOptions(table, {}, { MAX: '', THREADS: '9' }).max).toBe(9);
  });

  const wrong: [env: Record<string, string>, message: string][] = [
    [{ STRATEGY: 'patorni' }, "STRATEGY is 'patorni'; allowed: patroni, haproxy; did you mean 'patroni'?"],
    [{ STRATEGY: 'x' }, "STRATEGY is 'x'; allowed: patroni, haproxy"],
    [{ MAX: '0' }, "MAX is '0'; allowed: a whole number from 1 to 100"],
    [{ MAX: '1e1' }, "MAX is '1e1'; allowed: a whole number from 1 to 100"],
    [{ THREADS: 'many' }, "THREADS is 'many'; allowed: a whole number from 1 to 100"],
    [{ WAIT_MS: '-1' }, "WAIT_MS is '-1'; allowed: milliseconds from 0 to 60000"],
    [{ KEEP: 'perhaps' }, "KEEP is 'perhaps'; allowed: true or false"],
    [{ NAMES: '10.0.0.1,!' }, "NAMES is '10.0.0.1,!'; allowed: host:port"],
    [{ NAMES: 'ns.example.com:53' }, 'each host an IP address'],
    [{ HOSTS: 'a:b' }, "HOSTS is 'a:b'; allowed: host:port"],
    [
      { URLS: 'h1:8008' },
      "URLS is 'h1:8008'; allowed: a comma-separated list of http:// or https:// addresses",
    ],
  ];
  for (const [env, message] of wrong) {
    it(`says in one line what is wrong with ${JSON.stringify(env)}`, () => {
      expect(() => readOptions(table, {}, env)).toThrow(message);
      expect(() => readOptions(table, {}, env)).toThrow(
        expect.objectContaining({ code: 'HA_CONFIG', outcome: 'notSent' }),
      );
    });
  }

  it('names an option as such, and never shows a secret', () => {
    expect(() => readOptions(table, { max: 'x' }, {})).toThrow("option max is 'x'");
    expect(() => readOptions(table, { password: 17 }, {})).toThrow(
      "option password is '(hidden)'; allowed: any text",
    );
  });

  const round: Record<string, unknown> = {};
  round['itself'] = round;
  const shown: [raw: unknown, as: string][] = [
    [round, 'a value of type object'],
    [5n, '5n'],
    [Symbol('x'), 'Symbol(x)'],
    ['http://u:p,w@h1:x', "'http://***@h1:x'"],
    ['u:pw@h1', "'***@h1'"],
    [['u:pw@h1:x', 'h2'], '["***@h1:x","h2"]'],
    [[{ host: 'h1', port: 'x', password: 'pw' }], '[{"host":"h1","port":"x","password":"***"}]'],
    ['x '.repeat(150), `'${'x '.repeat(100)}… (300 characters)'`],
  ];
  it.each(shown)('shows a value of any kind in a few words, and no password: %#', (raw, as) => {
    expect(() => readOptions(table, { hosts: raw }, {})).toThrow(`option hosts is ${as}; allowed: `);
  });

  it('hides user and password of each URL in a text', () => {
    expect(hideUserinfo('from http://u:p@h1/ and a@b to http://u@h2')).toBe(
      'from http://***@h1/ and a@b to http://***@h2',
    );
  });

  it.each([
    ['http://:secret', 'http://:***'],
    ['x://user:secret/db', 'x://user:***'],
    ['x://[::1]:secret', 'x://[::1]:***'],
    ['x://h1:5432,[::1]:6379/a:b?c=d:e', 'x://h1:5432,[::1]:6379/a:b?c=d:e'],
    ['x://h1,h2/a', 'x://h1,h2/a'],
    ['x://h:', 'x://h:'],
  ])('hides what may be a password where the @ is missing: %s', (url, shown) => {
    expect(hideUserinfo(`to ${url}`)).toBe(`to ${shown}`);
  });
});

describe('refuseMisspelt', () => {
  interface Ours {
    strategy: string;
    waitMs: number;
    ca: string;
  }
  const ours: OptionTable<Ours> = {
    strategy: { setting: text('any'), env: ['OUR_STRATEGY'], default: undefined },
    waitMs: { setting: milliseconds(0, 9), env: ['OUR_FAILOVER_WAIT_MS', 'WAIT_MS'], default: 5 },
    ca: { setting: text('any'), env: ['OUR_CA'], default: undefined },
  };

  it.each([
    ['OUR_STRATGEY', 'OUR_STRATEGY'],
    ['OUR_FAILOVER_WAIT', 'OUR_FAILOVER_WAIT_MS'],
    ['OUR_FAILOVER_WAIT_S', 'OUR_FAILOVER_WAIT_MS'],
    ['OUR_CA_FILE', 'OUR_CA'],
  ])('%s was meant to be %s', (name, meant) => {
    const refused = (): void => refuseMisspelt(ours, 'OUR_', { [name]: 'secret' });
    expect(refused).toThrow(`${name} is no setting, and would do nothing; did you mean ${meant}?`);
    expect(refused).not.toThrow(/secret/);
  });

  it.each(['OUR_STRATEGY', 'OUR_DB', 'OUR_BACKUP_BUCKET', 'OUR_STRATEGY_OF_LAST_YEAR', 'WAIT_M', 'STRATGEY'])(
    '%s is nobody’s mistake',
    (name) => {
      expect(() => refuseMisspelt(ours, 'OUR_', { [name]: 'x' })).not.toThrow();
    },
  );

  it('counts an empty variable as not set', () => {
    expect(() => refuseMisspelt(ours, 'OUR_', { OUR_STRATGEY: '' })).not.toThrow();
  });
});
