import { describe, expect, it } from 'vitest';
import { median, ratioOf } from './ratio.ts';

describe('median', () => {
  it('takes the middle, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow('no values');
  });
});

describe('ratioOf', () => {
  it('finds a ratio of 2 as 2, with an interval around it', () => {
    const pairs = Array.from({ length: 20 }, (_, n) => [200 + (n % 5), 100] as const);
    const ratio = ratioOf(pairs, 1);
    expect(ratio.median).toBeCloseTo(2.02, 2);
    expect(ratio.low).toBeLessThanOrEqual(ratio.median);
    expect(ratio.high).toBeGreaterThanOrEqual(ratio.median);
  });

  it('says by a wide interval that the machine was noisy', () => {
    const pairs = Array.from({ length: 20 }, (_, n) => [n % 2 ? 50 : 200, 100] as const);
    const { low, high } = ratioOf(pairs, 1);
    expect(high - low).toBeGreaterThan(1);
  });
});
