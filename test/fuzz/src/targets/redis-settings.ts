import { inspect } from 'node:util';
import fc, { type Arbitrary } from 'fast-check';
import { HaRedis, type HaRedisOptions } from '@steadfast/redis-ha';
import { anyText, anyValue, mutated } from '../mutate.ts';
import { OPTION_TABLE, readArguments, readSettings } from '../redis-internals.ts';
import { target, type Target } from '../target.ts';
import { assertEndpoint, ensure, SECRET, shown, takenOrRefused } from './promises.ts';
import { mutatedPem, nearlyRight, password } from './words.ts';

const rows = Object.entries(OPTION_TABLE);
const NAMES = rows.map(([name]) => name);
const OPEN_ENV = rows.filter(([, { secret }]) => !secret).flatMap(([, { env }]) => env);
const OTHERS = ['host', 'port', 'db', 'family', 'tls', 'sentinelTLS', 'natMap', 'keepAlive', 'keyPrefix'];

const url: Arbitrary<string> = fc
  .record({
    scheme: fc.constantFrom('redis://', 'rediss://', 'valkey://', 'REDIS://', 'redis:', 'http://', ''),
    user: fc.constantFrom('', 'app', 'a%40b', '%'),
    password: fc.option(password),
    host: fc.constantFrom('h', 'h:6379', '[::1]:6379', '', 'h:99999', 'h:0', '1.2.3.4'),
    rest: fc.constantFrom(
      '',
      '/',
      '/3',
      '/99999',
      '/x',
      '?db=1',
      '/1?a=b@c',
      '?silenceMs=2s&tls=true',
      '?path=x',
    ),
  })
  .map(({ scheme, user, password: secret, host, rest }) =>
    [
      scheme,
      user,
      secret === null ? '' : `:${secret}`,
      user === '' && secret === null ? '' : '@',
      host,
      rest,
    ].join(''),
  );

const environment: Arbitrary<Record<string, string>> = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...OPEN_ENV), fc.oneof(nearlyRight, anyText), { maxKeys: 4 }),
    fc.option(password),
    fc.option(mutatedPem, { freq: 4 }),
  )
  .map(([env, secret, ca]) => ({
    ...env,
    ...(secret === null ? {} : { REDIS_PASSWORD: secret, REDIS_SENTINEL_PASSWORD: secret }),
    ...(ca === null ? {} : { REDIS_HA_CA: ca, REDIS_URL: 'rediss://h' }),
  }));

const options: Arbitrary<object> = fc.dictionary(fc.constantFrom(...NAMES, ...OTHERS), anyValue, {
  minKeys: 1,
  maxKeys: 3,
});

function assertRead(options: () => HaRedisOptions): void {
  const settings = takenOrRefused(() => readSettings(options()));
  if (!settings) return;
  ensure(Object.isFrozen(settings.ha), 'the options are not frozen');
  for (const endpoint of [settings.endpoint, ...settings.sentinels]) assertEndpoint(endpoint);
}

/** A client that is made and has no work: it shows no secret, and ends. */
function assertConcealed(given: HaRedisOptions): void {
  const redis = takenOrRefused(() => new HaRedis({ ...given, lazyConnect: true }));
  if (!redis) return;
  const text = [redis, redis.options, redis.health()].map(shown).join('\n');
  redis.disconnect();
  ensure(!text.includes(SECRET), `a client of ${inspect(given)} shows the secret`);
}

export const redisSettings: readonly Target[] = [
  target('redis-ha: the environment', 10, environment, (env) => assertRead(() => ({ env }))),
  target('redis-ha: REDIS_URL', 10, mutated(url, 2), (REDIS_URL) =>
    assertRead(() => ({ env: { REDIS_URL } })),
  ),
  target('redis-ha: options of any kind', 9, options, (given) => assertRead(() => ({ env: {}, ...given }))),
  target('redis-ha: arguments of any kind', 3, fc.array(fc.oneof(anyValue, url), { maxLength: 4 }), (given) =>
    assertRead(() => ({ env: {}, ...readArguments(given) })),
  ),
  target('redis-ha: clients show no secret', 1, fc.tuple(environment, password), ([env, secret]) =>
    assertConcealed({ env: { REDIS_URL: `redis://app:${encodeURIComponent(secret)}@h/1`, ...env } }),
  ),
];
