import { Socket } from 'node:net';
import { createLogger, systemClock, systemRandom } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import { readPoolOptions, type HaPoolOptions } from '../options/pool-options.ts';
import { joinCluster, keyOf } from './cluster.ts';

const URL = 'postgres://app:secret@db1:5432,db2:5432/inbox?sslmode=verify-ca';
const BASE: HaPoolOptions = { strategy: 'hosts', connectionString: URL };
const settings = (options: HaPoolOptions): ReturnType<typeof readPoolOptions> =>
  readPoolOptions({ ...BASE, env: {}, ...options });
const key = (options: HaPoolOptions = {}): string => keyOf(settings(options), systemClock, systemRandom);

const TOGETHER: [what: string, options: HaPoolOptions][] = [
  ['the same settings', {}],
  ['the same user said twice', { user: 'app' }],
  ['another size', { max: 3, poolMax: 7 }],
  ['other waits', { failoverWaitMs: 100, maxWaiting: 1, dialTimeoutMs: 100, silenceMs: 100 }],
  ['another name', { application_name: 'worker' }],
];

const APART: [what: string, options: HaPoolOptions][] = [
  ['another user', { user: 'other' }],
  ['another password', { password: 'other' }],
  ['another database, which a probe logs in to', { database: 'other' }],
  ['another server', { connectionString: URL.replace('db2', 'db3') }],
  ['other TLS', { ssl: { ca: 'x' } }],
  ['another way to servers', { stream: () => new Socket() }],
  ['another beginning of TLS', { sslnegotiation: 'direct' }],
  ['other options, which a proxy may choose servers by', { options: 'endpoint=blue' }],
  ['another pace', { refreshMs: 1_000 }],
  ['another strategy', { strategy: 'haproxy' }],
];

const who = { user: 'app', database: 'inbox', trust: '' };

describe('pools on one cluster', () => {
  it.each(TOGETHER)('watch it together with %s', (_what, options) => {
    expect(key(options)).toBe(key());
  });

  it.each(APART)('watch it apart with %s', (_what, options) => {
    expect(key(options)).not.toBe(key());
  });

  it('watch it apart on different clocks', () => {
    expect(keyOf(settings({}), new ManualClock(), systemRandom)).not.toBe(key());
  });

  const environment = { clock: systemClock, random: systemRandom, log: createLogger('pg-ha', 'silent') };

  it('share one topology until the last leaves, and start afresh after that', async () => {
    const join = (): ReturnType<typeof joinCluster> =>
      joinCluster(settings({}), who, environment, () => undefined);
    const [a, b] = [join(), join()];
    expect(a.seat.topology).toBe(b.seat.topology);
    await a.leave();
    await a.leave();
    const c = join();
    expect(c.seat.topology).toBe(b.seat.topology);
    await b.leave();
    await c.leave();
    const d = join();
    expect(d.seat.topology).not.toBe(b.seat.topology);
    await d.leave();
  });
});
