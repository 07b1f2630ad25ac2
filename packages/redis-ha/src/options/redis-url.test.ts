import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HaRedis } from '../ha-redis.ts';
import { readSettings, type HaRedisOptions } from './settings.ts';

const QUERY = '?keyPrefix=app:&family=6&connectionName=web&commandTimeout=500';
const read = (
  REDIS_URL: string,
  options: HaRedisOptions = {},
  env: Record<string, string> = {},
): ReturnType<typeof readSettings> => readSettings(options, { REDIS_URL, ...env });

describe('the query of a Redis URL', () => {
  const expected = { keyPrefix: 'app:', family: 6, connectionName: 'web', commandTimeout: 500 };

  it('gives options, as in ioredis, from REDIS_URL and from the option', () => {
    for (const { driver, data } of [
      read(`redis://h/2${QUERY}`),
      readSettings({ url: `redis://h/2${QUERY}` }, {}),
    ]) {
      expect(driver).toMatchObject({ ...expected, db: 2 });
      expect(data.family).toBe(6);
    }
  });

  it('gives them to the client itself', () => {
    const redis = new HaRedis(`redis://h/2${QUERY}`, { env: {}, lazyConnect: true });
    expect(redis.options).toMatchObject({ ...expected, db: 2 });
    redis.disconnect();
  });

  const values: [query: string, driver: object][] = [
    ['db=3', { db: 3 }],
    ['keyPrefix=1&connectionName=2', { keyPrefix: '1', connectionName: '2' }],
    ['autoResubscribe=false&readOnly=true', { autoResubscribe: false, readOnly: true }],
    ['username=7&password=8', { username: '7', password: '8' }],
  ];
  it.each(values)('%s', (query, driver) => {
    expect(read(`redis://h?${query}`).driver).toMatchObject(driver);
  });

  it('says what is ours too, in the words of variables', () => {
    const { ha, sentinel, data } = read(
      'redis://h?sentinels=s1,s2&name=9&silenceMs=2s&hold=off&sentinelPassword=0&sentinelUsername=1&tls=true',
    );
    expect(ha).toMatchObject({ strategy: 'sentinel', name: '9', silenceMs: 2_000, hold: false });
    expect(sentinel.credentials).toMatchObject({ username: '1', password: '0' });
    expect(data.tls).toMatchObject({ minVersion: 'TLSv1.2' });
  });

  it('says less than options, variables and the rest of the URL', () => {
    expect(read('redis://h?keyPrefix=a', { keyPrefix: 'b' }).driver.keyPrefix).toBe('b');
    expect(read('redis://h?keyPrefix=a', { keyPrefix: undefined as never }).driver.keyPrefix).toBe('a');
    expect(read('redis://h?silenceMs=60', {}, { REDIS_HA_SILENCE_MS: '70' }).ha.silenceMs).toBe(70);
    const { endpoint, data, driver } = read(
      'rediss://a:b@h:1/2?host=x&port=9&db=9&username=x&password=x&tls=false',
    );
    expect(endpoint).toEqual({ host: 'h', port: 1 });
    expect(data).toMatchObject({
      credentials: { username: 'a', password: 'b' },
      tls: { minVersion: 'TLSv1.2' },
    });
    expect(driver.db).toBe(2);
  });

  const wrong: [query: string, message: RegExp][] = [
    ['path=/tmp/redis.sock', /^path in the query of REDIS_URL cannot be used: unix sockets/],
    ['retryStrategy=x', /^retryStrategy in the query of REDIS_URL cannot be used: .*failoverWaitMs/],
    ['lazyConnect=true', /^lazyConnect in the query of REDIS_URL cannot be used: .*as an option$/],
    ['clock=secret', /^clock in the query of REDIS_URL cannot be used/],
    ['db=x', /^db in the query of REDIS_URL is 'x'; allowed: a whole number/],
    ['tls=secret', /^tls in the query of REDIS_URL is '\(hidden\)'; allowed: true, false/],
    ['silenceMs=soon', /^silenceMs in the query of REDIS_URL is 'soon'; allowed: milliseconds/],
    ['follow=promotd', /^follow in the query of REDIS_URL .*did you mean 'promoted'\?$/],
    ['ca=', /^ca in the query of REDIS_URL is '\(hidden\)'; allowed/],
  ];
  it.each(wrong)('%s is refused, naming the URL', (query, message) => {
    const attempt = (): unknown => read(`redis://u:secret@h?password=secret&${query}`);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ code: 'HA_CONFIG', outcome: 'notSent' }));
    expect(attempt).not.toThrow(/secret/);
  });

  it('shows no secret of it', () => {
    const url = 'redis://h?password=se:cret&sentinelPassword=se:cret';
    const redis = new HaRedis(url, { env: {}, lazyConnect: true });
    const shown = [redis, redis.options].flatMap((one) => [inspect(one, { depth: 9 }), JSON.stringify(one)]);
    redis.disconnect();
    expect(shown.join('\n')).not.toContain('se:cret');
    expect(redis.options.password).toBe('se:cret');
  });
});
