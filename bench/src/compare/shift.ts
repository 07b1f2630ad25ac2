/** How much one sample lies above another, with an interval that holds it with at least the confidence asked for. */
export interface Shift {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The shift of Hodges and Lehmann, `after` minus `before`, with the interval of the rank-sum test of Mann and Whitney: exact for
 * samples of any size and distribution, where a bootstrap of five repetitions is too sure of itself. Undefined with too few, such as
 * three and three, of which no order would be surprising enough.
 */
export function shiftOf(
  before: readonly number[],
  after: readonly number[],
  confidence = 0.95,
): Shift | undefined {
  const outside = rankSumBound(before.length, after.length, (1 - confidence) / 2);
  if (outside === undefined) return undefined;
  const differences = after.flatMap((b) => before.map((a) => b - a)).toSorted((a, b) => a - b);
  const at = (index: number): number => differences[index] ?? Number.NaN;
  const half = (differences.length - 1) / 2;
  return {
    middle: (at(Math.floor(half)) + at(Math.ceil(half))) / 2,
    low: at(outside),
    high: at(differences.length - 1 - outside),
  };
}

/**
 * The same as a ratio of positive figures, after to before.
 * @throws RangeError for a figure that is not positive
 */
export function ratioShift(
  before: readonly number[],
  after: readonly number[],
  confidence?: number,
): Shift | undefined {
  const wrong = [...before, ...after].find((value) => !(value > 0));
  if (wrong !== undefined) throw new RangeError(`a ratio of ${wrong} says nothing`);
  const shift = shiftOf(before.map(Math.log), after.map(Math.log), confidence);
  return shift && { middle: Math.exp(shift.middle), low: Math.exp(shift.low), high: Math.exp(shift.high) };
}

/** Why there is no interval of them. */
export function tooFew(before: readonly number[], after: readonly number[]): string {
  return `too few repetitions for an interval: ${before.length} and ${after.length}`;
}

/** How many of the sorted differences may be left out at each end, so that what is left out has no more than `tail`. */
function rankSumBound(n: number, m: number, tail: number): number | undefined {
  if (n === 0 || m === 0) return undefined;
  const counts = rankSums(n, m);
  const all = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [statistic, count] of counts.entries()) {
    below += count;
    // Exactly the tail is not beyond it, whatever the last bits say.
    if (below / all > tail + 1e-12) return statistic === 0 ? undefined : statistic - 1;
  }
  return undefined;
}

/** In how many orders of n and m values the statistic of Mann and Whitney is 0, 1, 2, … */
function rankSums(n: number, m: number): readonly number[] {
  // Coefficients of the Gaussian binomial (n + m over n): times (1 - q^(m+i)), divided by (1 - q^i), for each i.
  const length = n * m + 1;
  const counts = Array.from({ length }, (_, k): number => (k === 0 ? 1 : 0));
  const at = (k: number): number => counts[k] ?? 0;
  for (let i = 1; i <= n; i++) {
    for (let k = length - 1; k >= m + i; k--) counts[k] = at(k) - at(k - m - i);
    for (let k = i; k < length; k++) counts[k] = at(k) + at(k - i);
  }
  return counts;
}
