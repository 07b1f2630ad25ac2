import { seededRandom } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { CALL_KINDS } from './call.ts';
import { conversationsFor, Mix, SHARES } from './mix.ts';

function calls(seed: number, count: number): ReturnType<Mix['next']>[] {
  const mix = new Mix(seededRandom(seed), 'run', [7, 8, 9]);
  return Array.from({ length: count }, () => mix.next());
}

describe('the mix of requests', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(calls(1, 200)).toEqual(calls(1, 200));
    expect(calls(1, 200)).not.toEqual(calls(2, 200));
  });

  it('keeps the shares it names, which add up to 100', () => {
    const made = calls(3, 10_000);
    for (const kind of CALL_KINDS) {
      const share = made.filter((call) => call.kind === kind).length / 100;
      expect(Math.abs(share - SHARES[kind])).toBeLessThan(2);
    }
    expect(Object.values(SHARES).reduce((sum, share) => sum + share)).toBe(100);
  });

  it('gives every message a source id of its own', () => {
    const keys = calls(4, 2_000)
      .filter((call) => call.kind === 'message')
      .map((call) => call.key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('adds to no counter more than ten times', () => {
    const uses = new Map<string, number>();
    for (const { kind, key } of calls(5, 2_000))
      if (kind === 'counter') uses.set(key, (uses.get(key) ?? 0) + 1);
    expect(Math.max(...uses.values())).toBe(10);
  });

  it('spreads messages so that no conversation comes near 200 a minute', () => {
    for (const rate of [1, 100, 1_000]) {
      const perMinute = (rate * 60 * SHARES.message) / 100 / conversationsFor(rate);
      expect(perMinute).toBeLessThanOrEqual(100);
    }
  });
});
