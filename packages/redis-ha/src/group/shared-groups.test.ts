import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import { readSettings, type HaRedisOptions } from '../options/settings.ts';
import { groupKey } from './shared-groups.ts';

const BASE: HaRedisOptions = { sentinels: 'h1,h2', password: 'p' };
const key = (options: HaRedisOptions = {}): string => groupKey(readSettings({ ...BASE, ...options }, {}));

const NAT = { 'a:1': { host: 'b', port: 2 } };

const MANAGED: HaRedisOptions = { strategy: 'managed', host: 'h' };

const TOGETHER: [what: string, options: HaRedisOptions, than?: HaRedisOptions][] = [
  ['the same settings', {}],
  ['another database and prefix', { db: 1, keyPrefix: 'x' }],
  ['the same sentinels in other words', { sentinels: [{ host: 'h1' }, 'h2:26379'] }],
  ['a name that is looked up in the same way', MANAGED, { ...MANAGED }],
  ['the same addresses translated', { natMap: NAT }, { natMap: { ...NAT } }],
  ['other waits', { failoverWaitMs: 1, maxWaiting: 1, silenceMs: 100, commandTimeout: 5 }],
];

const APART: [what: string, options: HaRedisOptions][] = [
  ['other sentinels', { sentinels: 'h1,h3' }],
  ['another master', { name: 'other' }],
  ['another password', { password: 'q' }],
  ['TLS', { tls: {} }],
  ['another pace', { refreshMs: 1_000 }],
  ['addresses translated', { natMap: NAT }],
  ['other name servers', { dnsServers: ['10.0.0.1'] }],
  ['no hold', { hold: false }],
  ['another clock', { clock: new ManualClock() }],
];

describe('clients of one group', () => {
  it.each(TOGETHER)('watch it together with %s', (_what, options, than) => {
    expect(key(options)).toBe(key(than));
  });

  it.each(APART)('watch it apart with %s', (_what, options) => {
    expect(key(options)).not.toBe(key());
  });
});
