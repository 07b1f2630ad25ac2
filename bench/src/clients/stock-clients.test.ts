import { describe, expect, it } from 'vitest';
import { stockOptions } from './redis-clients.ts';
import { stockPg } from './sql-clients.ts';

describe('what an error says of the work', () => {
  it.each([
    ['a duplicate key', { code: '23505', severity: 'ERROR' }, 'rejected'],
    ['a broken pipe', { code: 'EPIPE' }, 'unknown'],
    ['a server that was told to stop', { code: '57P01', severity: 'FATAL' }, 'unknown'],
  ])('of the stock client for PostgreSQL: %s', (_, error, outcome) => {
    expect(stockPg.judge(error)).toBe(outcome);
  });
});

describe('ioredis is told what ours is told', () => {
  const SENTINELS = { REDIS_URL: 'redis://:p%26q@any/0', REDIS_SENTINELS: 's1' };

  it.each([
    ['is tried with the password of the data where nothing is said', {}, 'p&q'],
    ['has its own', { REDIS_SENTINEL_PASSWORD: 'own' }, 'own'],
    ['has none where an empty one is given', { REDIS_SENTINEL_PASSWORD: '' }, undefined],
  ])('a sentinel %s', (_, more, password) => {
    expect(stockOptions({ ...SENTINELS, ...more }).sentinelPassword).toBe(password);
  });

  it('nobody is verified where that is said', () => {
    const env = { REDIS_URL: 'rediss://h', REDIS_OPENSSL_VERIFY_MODE: 'none' };
    expect(stockOptions(env).tls).toEqual({ rejectUnauthorized: false });
    expect(stockOptions({ REDIS_URL: 'rediss://h' }).tls).toEqual({});
  });

  it('TLS goes to the sentinels and to whom they name', () => {
    const over = { ...SENTINELS, REDIS_URL: 'rediss://any/0' };
    expect(stockOptions(over)).toMatchObject({ tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true });
    expect(stockOptions(SENTINELS)).not.toHaveProperty('sentinelTLS');
  });
});
