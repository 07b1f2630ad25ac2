import { type Look } from './document.ts';

/** As many as html.ts has `--series-N` for: Okabe and Ito's, which the colour-blind tell apart. */
const COLORS = 7;
const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
const SYMBOLS = ['circle', 'triangle', 'diamond', 'rect'];

/** The look of the n-th thing of a chart: colours first, then dashes and symbols. */
export function lookOf(n: number): Look {
  return {
    color: `var(--series-${(n % COLORS) + 1})`,
    dash: DASHES[Math.floor(n / COLORS) % DASHES.length] ?? [],
    symbol: SYMBOLS[Math.floor(n / COLORS) % SYMBOLS.length] ?? 'circle',
  };
}

/** Names to looks, the same throughout a report. */
export function looksOf(names: Iterable<string>): ReadonlyMap<string, Look> {
  return new Map([...new Set(names)].map((name, n) => [name, lookOf(n)]));
}
