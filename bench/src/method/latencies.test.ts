import { describe, expect, it } from 'vitest';
import { Latencies } from './latencies.ts';

const of = (...all: number[]): Latencies => {
  const latencies = new Latencies();
  for (const ms of all) latencies.record(ms);
  return latencies;
};

describe('latencies', () => {
  it('are summed up by percentiles, in ms, to a µs', () => {
    const summary = of(...Array.from({ length: 1_000 }, (_, n) => (n + 1) / 100)).summary();
    expect(summary.count).toBe(1_000);
    expect(summary.p50).toBeCloseTo(5, 1);
    expect(summary.p99).toBeCloseTo(9.9, 1);
    expect(summary.max).toBeCloseTo(10, 1);
    expect(summary.mean).toBeCloseTo(5, 1);
  });

  it('have a curve that rises from 0 to 100 %, denser towards the end', () => {
    const { curve } = of(...Array.from({ length: 10_000 }, (_, n) => n / 10)).summary();
    const percentiles = curve.map(([percentile]) => percentile);
    expect(percentiles[0]).toBe(0);
    expect(percentiles.at(-1)).toBe(100);
    expect(percentiles).toEqual(percentiles.toSorted((a, b) => a - b));
    expect(curve.map(([, ms]) => ms)).toEqual(curve.map(([, ms]) => ms).toSorted((a, b) => a - b));
    expect(percentiles.filter((percentile) => percentile > 99 && percentile < 100).length).toBeGreaterThan(
      10,
    );
  });

  it('travel between processes and are added up there', () => {
    const sum = Latencies.sumOf([Latencies.decode(of(1, 2).encode()), of(100_000)]);
    expect(sum.count).toBe(3);
    expect(sum.summary().max).toBeCloseTo(100_000, -2);
    expect(sum.at(50)).toBeCloseTo(2, 2);
  });

  it('of nothing are zero', () => {
    expect(new Latencies().summary()).toMatchObject({ count: 0, p99: 0, curve: [] });
  });
});
