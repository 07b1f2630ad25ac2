import type { OptionRow } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { HaPool } from '../pool/ha-pool.ts';
import type { HaPoolOptions } from './pool-options.ts';
import { OPTION_TABLE } from './table.ts';

/** Every variable counts here: the strategy that reads the files it is given, with all that it needs. */
const env = {
  PG_HA_STRATEGY: 'patroni',
  PG_HA_PATRONI_URLS: 'https://h1:8008',
  DATABASE_URL: 'postgres://app:hidden@h1/inbox',
};
const rows = Object.entries(OPTION_TABLE) as [name: string, row: OptionRow<unknown>][];
const variables = rows.flatMap(([, row]) => row.env);

/** Wrong for each of them: no word, no number, no list, no readable file. */
const WRONG = '/nowhere/at all';

function refusal(options: HaPoolOptions): unknown {
  try {
    void new HaPool(options).end();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('every option, wrong in turn', () => {
  it.each(variables)('%s from the environment', (variable) => {
    const error = refusal({ env: { ...env, [variable]: WRONG } }) as Error;
    expect(error).toMatchObject({ code: 'HA_CONFIG', outcome: 'notSent' });
    expect(error.message).toMatch(new RegExp(`^${variable} is .+; allowed: .+`));
    expect(error.message).not.toMatch(/hidden@|\n/);
  });

  it.each(rows)('option %s', (name, { secret }) => {
    const error = refusal({ env, [name]: { wrong: 'secret' } }) as Error;
    expect(error).toMatchObject({ code: 'HA_CONFIG', outcome: 'notSent' });
    expect(error.message).toMatch(new RegExp(`^option ${name} is .+; allowed: .+`));
    expect(error.message.includes('secret')).toBe(secret !== true);
  });

  it.each([
    ['PG_HA_STRATGEY', 'PG_HA_STRATEGY'],
    ['PG_HA_CA_FILE', 'PG_HA_CA'],
  ])('%s is nearly %s', (name, meant) => {
    const message = `${name} is no setting, and would do nothing; did you mean ${meant}?`;
    expect(refusal({ env: { ...env, [name]: 'x' } })).toMatchObject({ code: 'HA_CONFIG', message });
  });

  it.each(['postgres://app:secret@h/db', 5432, null])('%s is no object of options', (given) => {
    const error = refusal(given as unknown as HaPoolOptions) as Error;
    expect(error).toMatchObject({ code: 'HA_CONFIG', outcome: 'notSent' });
    expect(error.message).toMatch(/^the argument of HaPool is .+; allowed: an object of options; a URL is/);
    expect(error.message).not.toContain('secret');
  });

  const urls = [
    'postgres:app:secret@h/db',
    '//app:secret@h/db',
    'host=h user=app password=secret',
    'postgres://app:50%secret@h/db',
    'postgres://app:secret@x@h/50%',
  ];
  it.each(urls)('%s is no URL, and its password is not shown', (DATABASE_URL) => {
    const error = refusal({ env: { DATABASE_URL } }) as Error;
    expect(error).toMatchObject({ code: 'HA_CONFIG', outcome: 'notSent' });
    expect(error.message).toMatch(/^DATABASE_URL is .+; allowed: postgres:\/\/user:password@host/);
    expect(error.message).not.toContain('secret');
  });

  const odd: [name: string, value: unknown][] = [
    ['host', 5432],
    ['user', {}],
    ['port', Symbol('x')],
    ['ssl', 'verify-full'],
    ['connectionString', {}],
    ['strategy', 1n],
    ['env', { PGPORT: 5432 }],
    ['logger', { info: () => undefined }],
    ['max', -1],
    ['max', 0],
    ['max', 'x'],
  ];
  it.each(odd)('option %s of the wrong kind', (name, value) => {
    const error = refusal({ env: {}, [name]: value }) as Error;
    expect(error).toMatchObject({ code: 'HA_CONFIG', outcome: 'notSent' });
    expect(error.message).toMatch(new RegExp(`^option ${name}.* is .+; allowed: .+`));
  });

  const addresses: [env: Record<string, string>, options: HaPoolOptions, message: string][] = [
    [{ POSTGRES_HOST: 'db', POSTGRES_PORT: 'abc' }, {}, "POSTGRES_HOST and POSTGRES_PORT is 'db:abc'"],
    [{ PGPORT: '99999' }, {}, "PGHOST and PGPORT is 'localhost:99999'"],
    [{ DATABASE_URL: 'postgres://a@h1/x' }, { port: 70_000 }, "options host and port is 'h1:70000'"],
    [{ PGHOST: 'h1,h2' }, {}, "PGHOST and PGPORT is 'h1:5432,h2:5432'; allowed: one host"],
    [{ PGHOST: 'h1' }, { host: 'h2,h3' }, "options host and port is 'h2:5432,h3:5432'; allowed: one host"],
    [{ DATABASE_URL: 'postgres://a@h1,h2/x' }, {}, "DATABASE_URL host and port is 'h1:5432,h2:5432'"],
  ];
  it.each(addresses)('%o %o: where the address stands that is wrong is named', (given, options, message) => {
    expect(refusal({ env: given, ...options })).toMatchObject({
      code: 'HA_CONFIG',
      message: expect.stringContaining(message) as string,
    });
  });

  it('takes all of them where they are right, so that the refusals above are about the one that is wrong', () => {
    expect(refusal({ env })).toBeUndefined();
  });
});

describe('the strategy', () => {
  const nowhere: [strategy: string, message: string][] = [
    [
      'managed',
      "DATABASE_URL (option connectionString) or the option host is 'not set'; allowed: with PG_HA_",
    ],
    ['haproxy', "PG_HA_HOSTS (option hosts) or the hosts of DATABASE_URL is 'not set'; allowed: with PG_HA_"],
    ['hosts', "PG_HA_HOSTS (option hosts) or the hosts of DATABASE_URL is 'not set'; allowed: with PG_HA_"],
  ];
  it.each(nowhere)('%s needs a server: this machine is nobody’s cluster', (PG_HA_STRATEGY, message) => {
    for (const given of [{}, { DATABASE_URL: 'postgres:///inbox' }, { PGPORT: '5433' }])
      expect(refusal({ env: { ...given, PG_HA_STRATEGY } })).toMatchObject({
        code: 'HA_CONFIG',
        message: expect.stringContaining(message) as string,
      });
    for (const given of [{ PGHOST: 'h' }, { DATABASE_URL: 'postgres://h/inbox' }])
      expect(refusal({ env: { ...given, PG_HA_STRATEGY } })).toBeUndefined();
    expect(refusal({ env: { PG_HA_STRATEGY }, host: 'h' })).toBeUndefined();
  });

  const named = { PG_HA_HOSTS: 'h1,h2', PG_HA_PATRONI_URLS: 'http://h1:8008' };

  it.each(Object.entries(named))('must be said where %s names servers', (name, value) => {
    const given = { DATABASE_URL: 'postgres://a@h1/x', [name]: value };
    const { message } = refusal({ env: given }) as Error;
    expect(message).toMatch(/^PG_HA_STRATEGY .* is 'not set'; allowed: .*haproxy.*; PG_HA_.* is set, and/);
    expect(refusal({ env: { ...given, PG_HA_STRATEGY: 'single' } })).toBeUndefined();
    expect(refusal({ env: given, strategy: 'haproxy' })).toBeUndefined();
  });
});
