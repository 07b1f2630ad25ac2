import { type Measurement, type RatioResult, type TargetResult } from '../result.ts';
import { count } from './format.ts';

/** A client that is ours, by the names that the suite and the campaign give them. */
export function isOurs(client: string): boolean {
  return /^(?:pg-ha|redis-ha)\b/.test(client);
}

/** `open loop, 200/s`, `closed loop, 32 callers`, `highest rate with p99 ≤ 20 ms`. */
export function loopLabel(loop: Measurement['loop']): string {
  switch (loop.kind) {
    case 'open':
      return `open loop, ${loop.perSecond.toLocaleString('en-US')}/s`;
    case 'closed':
      return `closed loop, ${count(loop.callers)} ${loop.callers === 1 ? 'caller' : 'callers'}`;
    case 'search':
      return `highest rate with p${loop.objective.percentile} ≤ ${loop.objective.ms} ms`;
  }
}

export function libraryLabel(library: TargetResult['library']): string {
  return library === 'pg' ? 'PostgreSQL' : 'Redis';
}

/** What is measured by a ratio, with its better direction. */
export function ratioOfLabel(of: RatioResult['of']): string {
  return {
    throughput: 'throughput (more is better)',
    cpu: 'CPU per operation (less is better)',
    p99: 'p99 (less is better)',
    memory: 'memory (less is better)',
  }[of];
}

/** Whether more of it is better. */
export function moreIsBetter(of: RatioResult['of']): boolean {
  return of === 'throughput';
}

/** Measurements that may be held against each other: one workload at one load. */
export interface Panel {
  readonly library: TargetResult['library'];
  readonly workload: string;
  readonly loop: Measurement['loop'];
  readonly measurements: readonly Measurement[];
}

/** Measurements by what they share, in the order in which they come. */
export function panelsOf(
  targets: readonly TargetResult[],
  measurements: readonly Measurement[],
): readonly Panel[] {
  const libraries = new Map(targets.map(({ name, library }) => [name, library]));
  const panels = new Map<string, { panel: Omit<Panel, 'measurements'>; measurements: Measurement[] }>();
  for (const measurement of measurements) {
    const { workload, loop } = measurement;
    const library = libraries.get(measurement.target) ?? 'pg';
    const key = JSON.stringify([library, workload, loop]);
    const found = panels.get(key);
    if (found) found.measurements.push(measurement);
    else panels.set(key, { panel: { library, workload, loop }, measurements: [measurement] });
  }
  return [...panels.values()].map(({ panel, measurements: own }) => ({ ...panel, measurements: own }));
}

/** `patroni, pg-ha`: who a row or a line is about. */
export function who({ target, client }: { target: string; client: string }): string {
  return `${target}, ${client}`;
}

/** With fewer pairs the median lies outside of all of them more often than once in twenty times: there is no interval of 95 %. */
const MIN_PAIRS = 6;

export function hasInterval({ pairs }: RatioResult): boolean {
  return pairs >= MIN_PAIRS;
}

/** Whether even the better end of its interval misses the goal: with confidence, not by noise. */
export function missesGoal(ratio: RatioResult): boolean {
  const { of, low, high, goal } = ratio;
  if (goal === undefined || !hasInterval(ratio)) return false;
  return moreIsBetter(of) ? high < goal : low > goal;
}
