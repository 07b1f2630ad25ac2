import { describe, expect, it } from 'vitest';
import { noiseOf, warningOf } from './noise.ts';

const of = (...rates: number[]): ReturnType<typeof noiseOf> =>
  noiseOf(rates.map((perSecond, at) => ({ at, perSecond })));

describe('noise', () => {
  it.each([
    ['a quiet machine', [100, 104, 98], 0.04, false],
    ['one slow moment', [100, 100, 60], 0.4, true],
    ['one control', [100], 0, false],
    ['none', [], 0, false],
  ])('of %s', (_, rates, spread, tooNoisy) => {
    const noise = of(...rates);
    expect(noise.spread).toBeCloseTo(spread, 5);
    expect(noise.tooNoisy).toBe(tooNoisy);
    expect(warningOf(noise) !== undefined).toBe(tooNoisy);
  });

  it('is said plainly', () => {
    expect(warningOf(of(100, 100, 60))).toContain('done 3 times during the run, varied by 40 %');
  });
});
