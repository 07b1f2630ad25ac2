import { seededRandom } from '@steadfast/shared';

/** A ratio of two clients measured side by side, with its 95 % interval. */
export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const lower = sorted[Math.ceil(middle) - 1];
  const upper = sorted[Math.floor(middle)];
  if (lower === undefined || upper === undefined) throw new Error('no values to take the median of');
  return (lower + upper) / 2;
}

/** Median of pairwise ratios, with a percentile bootstrap. Pairs were measured one right after the other. */
export function ratioOf(
  pairs: readonly (readonly [ours: number, stock: number])[],
  seed: number,
  rounds = 2_000,
): Ratio {
  const ratios = pairs.map(([ours, stock]) => ours / stock);
  const random = seededRandom(seed);
  const draw = (): number => ratios[Math.floor(random.next() * ratios.length)] ?? Number.NaN;
  const medians = Array.from({ length: rounds }, () => median(ratios.map(draw))).sort((a, b) => a - b);
  const at = (share: number): number => medians[Math.floor(share * (rounds - 1))] ?? Number.NaN;
  return { median: median(ratios), low: at(0.025), high: at(0.975) };
}
