import { describe, expect, it } from 'vitest';
import { searchRate } from './search-rate.ts';

const SEARCH = { from: 100, max: 10_000, steps: 12, precision: 0.05 };

async function found(
  limit: number,
  search: Partial<typeof SEARCH> = {},
): Promise<[rate: number, tried: number]> {
  let tried = 0;
  const rate = await searchRate(
    (perSecond) => {
      tried++;
      return Promise.resolve(perSecond <= limit);
    },
    { ...SEARCH, ...search },
  );
  return [rate, tried];
}

describe('the highest rate that meets an objective', () => {
  it.each([
    ['above where it began', 730],
    ['below where it began', 37],
    ['where it began', 100],
    ['far above', 9_000],
  ])('is found to 5 %% %s', async (_, limit) => {
    const [rate, tried] = await found(limit);
    expect(rate).toBeLessThanOrEqual(limit);
    expect(rate).toBeGreaterThan(limit * 0.94);
    expect(tried).toBeLessThanOrEqual(12);
  });

  it.each([
    ['is the bound where nothing fails', 1e9, {}, 10_000],
    ['is 0 where nothing meets it', 0, {}, 0],
    ['is what was good so far when the steps are over', 9_000, { steps: 3 }, 1_600],
  ] as const)('%s', async (_, limit, search, rate) => {
    expect((await found(limit, search))[0]).toBe(rate);
  });
});
