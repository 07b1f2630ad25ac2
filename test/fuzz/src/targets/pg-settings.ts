import { inspect } from 'node:util';
import fc, { type Arbitrary } from 'fast-check';
import { HaPool, type HaPoolOptions } from '@steadfast/pg-ha';
import { anyText, anyValue, mutated } from '../mutate.ts';
import { OPTION_TABLE, readPoolOptions } from '../pg-internals.ts';
import { target, type Target } from '../target.ts';
import { assertEndpoint, ensure, SECRET, shown, takenOrRefused } from './promises.ts';
import { mutatedPem, nearlyRight, password } from './words.ts';

const TABLE_NAMES = Object.keys(OPTION_TABLE);
const TABLE_ENV = Object.values(OPTION_TABLE).flatMap(({ env }) => env);
const OTHER_ENV = [
  ...['PGHOST', 'PGPORT', 'PGUSER', 'PGDATABASE', 'PGSSLMODE', 'PGSSLROOTCERT', 'PGAPPNAME', 'PGOPTIONS'],
  ...['POSTGRES_HOST', 'POSTGRES_PORT', 'POSTGRES_USERNAME', 'POSTGRES_DATABASE'],
];
const PASSED = [
  'host',
  'port',
  'user',
  'database',
  'ssl',
  'max',
  'keepAlive',
  'statement_timeout',
  'options',
];

const url: Arbitrary<string> = fc
  .record({
    scheme: fc.constantFrom('postgres://', 'postgresql://', 'postgres:', 'mysql://', ''),
    user: fc.constantFrom('', 'app', 'a%40b', 'a:b'),
    password: fc.option(password),
    hosts: fc.constantFrom('db', 'db:5432', 'a:1,b:2', '[::1]:5432', '', '%2Ftmp', 'db:x', 'db:99999'),
    rest: fc.constantFrom(
      '',
      '/',
      '/inbox',
      '/inbox?sslmode=verify-full',
      '/x?host=/tmp&port=5',
      '?ssl=1',
      '/a@b?c=d@e',
    ),
  })
  .map(({ scheme, user, password: secret, hosts, rest }) =>
    [
      scheme,
      user,
      secret === null ? '' : `:${secret}`,
      user === '' && secret === null ? '' : '@',
      hosts,
      rest,
    ].join(''),
  );

const environment: Arbitrary<Record<string, string>> = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...TABLE_ENV, ...OTHER_ENV), fc.oneof(nearlyRight, anyText), {
      maxKeys: 4,
    }),
    fc.option(password),
    fc.option(mutatedPem, { freq: 8 }),
  )
  .map(([env, secret, key]) => ({
    ...env,
    ...(secret === null ? {} : { PGPASSWORD: secret, POSTGRES_PASSWORD: secret }),
    ...(key === null ? {} : { PG_HA_PATRONI_KEY_FILE: key, PGSSLKEY: key, PGSSLMODE: 'verify-full' }),
  }));

const options: Arbitrary<object> = fc.dictionary(fc.constantFrom(...TABLE_NAMES, ...PASSED), anyValue, {
  minKeys: 1,
  maxKeys: 3,
});

function assertRead(given: HaPoolOptions): void {
  const settings = takenOrRefused(() => readPoolOptions(given));
  if (!settings) return;
  ensure(Object.isFrozen(settings.ha), 'the options are not frozen');
  for (const endpoint of settings.connection.endpoints) {
    if (endpoint.host.startsWith('/'))
      ensure(endpoint.port >= 1 && endpoint.port <= 65_535, `port ${endpoint.port}`);
    else assertEndpoint(endpoint);
  }
  for (const endpoint of [...(settings.ha.hosts ?? []), ...(settings.ha.readerHosts ?? [])])
    assertEndpoint(endpoint);
}

/** A pool that is made and has no work: it shows no secret, and ends. */
async function assertConcealed(given: HaPoolOptions): Promise<void> {
  const pool = takenOrRefused(() => new HaPool(given));
  if (!pool) return;
  const text = [pool, pool.options, pool.health()].map(shown).join('\n');
  await pool.end();
  ensure(!text.includes(SECRET), `a pool of ${inspect(given)} shows the secret`);
}

export const pgSettings: readonly Target[] = [
  target('pg-ha: the environment', 12, environment, (env) => assertRead({ env })),
  target('pg-ha: DATABASE_URL', 14, mutated(url, 2), (DATABASE_URL) => assertRead({ env: { DATABASE_URL } })),
  target('pg-ha: options of any kind', 9, options, (given) => assertRead({ env: {}, ...given })),
  target('pg-ha: pools show no secret', 2, fc.tuple(environment, password), ([env, secret]) =>
    assertConcealed({
      env: { ...env, DATABASE_URL: `postgres://app:${encodeURIComponent(secret)}@h/inbox` },
    }),
  ),
];
