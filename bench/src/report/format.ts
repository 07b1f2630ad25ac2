import type { Latency } from '../result.ts';

/** `0.42 ms`, `7.1 ms`, `41 ms`, `1.92 s`, `20.0 s`: no more digits than mean something. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 9_995) return `${(ms / 1_000).toFixed(1)} s`;
  if (size >= 999.5) return `${(ms / 1_000).toFixed(2)} s`;
  return `${size >= 9.95 ? Math.round(ms) : ms.toFixed(size >= 0.995 ? 1 : 2)} ms`;
}

/** How long a client was out: `1.92 s`; of one that was not back at all, Infinity, `never`. */
export function outage(ms: number): string {
  return Number.isFinite(ms) ? duration(ms) : 'never';
}

/** Of times, as `short`; of none, `–`: what nothing was measured of is not the fastest. */
export function times(latency: Pick<Latency, 'count'>, ...all: readonly number[]): string[] {
  return all.map((ms) => (latency.count === 0 ? '–' : short(ms)));
}

/** A number for a column whose head says the unit: `0.42`, `7.10`, `41.0`, `1,920`. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.5) return count(Math.round(value));
  if (size >= 9.95) return value.toFixed(1);
  return value.toFixed(2);
}

/** `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A rate per second: `12,345`, `41.2`, `0.50`. */
export function rate(perSecond: number): string {
  return perSecond >= 99.5 ? count(perSecond) : short(perSecond);
}

/** `1.02 [0.98, 1.06]`. */
export function interval({ median, low, high }: { median: number; low: number; high: number }): string {
  return `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}

/** `+4.2 %`, `−12 %`, of a ratio of after to before. */
export function change(ratio: number): string {
  const percent = (ratio - 1) * 100;
  const digits = Math.abs(percent) >= 9.95 ? 0 : 1;
  const text = Math.abs(percent).toFixed(digits);
  return `${Number(text) === 0 ? '±' : percent < 0 ? '−' : '+'}${text} %`;
}

/** `20–40`, or `20` where both ends are the same. */
export function span(low: number, high: number): string {
  const [from, to] = [money(low), money(high)];
  return from === to ? from : `${from}–${to}`;
}

/** An amount without its currency, cents only where there is less than one. */
function money(amount: number): string {
  return amount > 0 && amount < 1 ? amount.toFixed(2) : count(amount);
}

/** `3 h 12 min`, `14 min`, `52 s`. */
export function longDuration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `1 run`, `2 runs`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `23.9 GB`. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
