import type { Call } from './history.ts';
import { ifJudged, verdictOn, type Verdict } from './verdict.ts';

/** Every call added 1 to one counter; `value` is what it is in the end. */
export interface CounterReport {
  verdict: Verdict;
  /** the least it may be: what was acknowledged */
  least: number;
  /** the most it may be: what was acknowledged, unknown or is open */
  most: number;
  value: number;
  /** acknowledged and not there; what was unknown and applied may hide more */
  lost: number;
  /** applied and accounted for by nobody: doubled, or applied though its call said it was not */
  excess: number;
}

export function checkCounter(
  calls: readonly Call[],
  value: number,
  { serversKeep }: { serversKeep: boolean },
): CounterReport {
  const least = calls.filter(({ end }) => end.as === 'ok').length;
  const most = calls.filter(({ end }) => end.as !== 'fail').length;
  const lost = Math.max(0, least - value);
  const excess = Math.max(0, value - most);
  const verdict = ifJudged(least, verdictOn({ wrong: excess, lost }, serversKeep));
  return { verdict, least, most, value, lost, excess };
}
