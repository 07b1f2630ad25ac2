import { describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { seededRandom } from '../runtime/random.ts';
import { clusterKey } from './cluster-key.ts';

const clock = new ManualClock();
const random = seededRandom(1);
const verify = (): undefined => undefined;

const SAME: [what: string, a: Record<string, unknown>, b: Record<string, unknown>][] = [
  ['the order of fields', { host: 'a', port: 1 }, { port: 1, host: 'a' }],
  ['a field that is not set', { host: 'a', tls: undefined }, { host: 'a' }],
  ['lists of equal values', { seeds: [{ host: 'a', port: 1 }] }, { seeds: [{ host: 'a', port: 1 }] }],
  ['equal addresses', { url: new URL('http://a:8008') }, { url: new URL('http://a:8008/') }],
  ['equal bytes', { ca: Buffer.from('x') }, { ca: Buffer.from('x') }],
  ['the same clock and randomness', { clock, random }, { clock, random }],
];

const DIFFERENT: [what: string, a: Record<string, unknown>, b: Record<string, unknown>][] = [
  ['a port', { port: 1 }, { port: 2 }],
  ['a number and its text', { port: 1 }, { port: '1' }],
  ['a password', { password: 'a' }, { password: 'b' }],
  ['no password and an empty one', { password: '' }, {}],
  ['null and nothing', { ca: null }, {}],
  ['the order of seeds', { seeds: ['a', 'b'] }, { seeds: ['b', 'a'] }],
  ['values that look like two', { seeds: ['a,b'] }, { seeds: ['a', 'b'] }],
  ['another clock', { clock }, { clock: new ManualClock() }],
  ['another source of randomness', { random }, { random: seededRandom(1) }],
  ['another function', { verify }, { verify: (): undefined => undefined }],
];

describe('clusterKey', () => {
  it.each(SAME)('is the same for %s', (_what, a, b) => {
    expect(clusterKey(a)).toBe(clusterKey(b));
  });

  it.each(DIFFERENT)('is another for %s', (_what, a, b) => {
    expect(clusterKey(a)).not.toBe(clusterKey(b));
  });

  it('lets no secret be read from it', () => {
    expect(clusterKey({ password: 'hunter2' })).toMatch(/^[\w-]{43}$/);
  });
});
