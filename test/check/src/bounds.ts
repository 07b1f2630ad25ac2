import { toMs, type Sample } from './history.ts';
import type { Anomaly, Verdict } from './verdict.ts';

/** The most that a measured value may be; of one that counts up: the most that it may rise in a second. */
export type Bound = { readonly most: number } | { readonly mostPerSecond: number };

export interface BoundsReport {
  verdict: Verdict;
  /** the highest that each bounded value came to */
  highest: Record<string, number>;
  /** the first sample of each value that was beyond its bound */
  anomalies: Anomaly[];
  /** bounded and never measured, or of a rate not twice */
  missing: string[];
}

/** Every value that has a bound stays within it, in every sample. */
export function checkBounds(
  samples: readonly Sample[],
  bounds: Readonly<Record<string, Bound>>,
): BoundsReport {
  const highest: Record<string, number> = {};
  const anomalies: Anomaly[] = [];
  const missing: string[] = [];
  for (const [name, bound] of Object.entries(bounds)) {
    const points = samples.flatMap(({ at, values }) =>
      values[name] === undefined ? [] : [{ atMs: toMs(at), value: values[name] }],
    );
    const [most, unit, seen] =
      'most' in bound
        ? [bound.most, '', points.map(({ value }) => value)]
        : [bound.mostPerSecond, ' a second', ratesOf(points)];
    if (seen.length === 0) {
      missing.push(name);
      continue;
    }
    const top = seen.reduce((max, value) => Math.max(max, value), 0);
    highest[name] = top;
    if (top > most)
      anomalies.push({ name, calls: [], what: `${name} came to ${round(top)}${unit}, allowed ${most}` });
  }
  const verdict = anomalies.length > 0 ? 'invalid' : missing.length > 0 ? 'unknown' : 'valid';
  return { verdict, highest, anomalies, missing };
}

/** A second at least lies between two looks: a burst shorter than that is no rate. */
function ratesOf(points: readonly { atMs: number; value: number }[]): number[] {
  const rates: number[] = [];
  let from = 0;
  for (const [to, { atMs, value }] of points.entries()) {
    // The latest point that is a second old, so that every second is looked at.
    for (let next = points[from + 1]; next && next.atMs <= atMs - 1_000; next = points[from + 1]) from += 1;
    const start = points[from];
    if (start && from < to && start.atMs <= atMs - 1_000)
      rates.push(((value - start.value) / (atMs - start.atMs)) * 1_000);
  }
  return rates;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
