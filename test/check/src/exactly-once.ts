import type { Call } from './history.ts';
import { ifJudged, verdictOn, type Verdict } from './verdict.ts';

/** Every call was to have its effect exactly once, and to know it; `effects` is how often each had it. */
export interface ExactlyOnceReport {
  verdict: Verdict;
  /** acknowledged, with its effect once */
  once: number;
  /** acknowledged, and without effect */
  lost: string[];
  /** with its effect more than once */
  doubled: string[];
  /** with its effect, although it said that there was none, or although nobody called it */
  contradicted: string[];
  /** its end says neither that there was an effect nor that there was none */
  unresolved: string[];
}

export function checkExactlyOnce(
  calls: readonly Call[],
  effects: ReadonlyMap<string, number>,
  { serversKeep }: { serversKeep: boolean },
): ExactlyOnceReport {
  const times = ({ id }: Call): number => effects.get(id) ?? 0;
  const ids = (test: (call: Call) => boolean): string[] => calls.filter(test).map(({ id }) => id);
  const lost = ids((call) => call.end.as === 'ok' && times(call) === 0);
  const doubled = ids((call) => times(call) > 1);
  const called = new Set(calls.map(({ id }) => id));
  const contradicted = [
    ...ids((call) => call.end.as === 'fail' && times(call) > 0),
    ...[...effects.keys()].filter((id) => !called.has(id)),
  ];
  const unresolved = ids(({ end }) => end.as === 'unknown');
  const wrong = doubled.length + contradicted.length + unresolved.length;
  const found = verdictOn({ wrong, lost: lost.length }, serversKeep);
  const open = calls.some(({ end }) => end.as === 'open');
  const once = calls.filter((call) => call.end.as === 'ok' && times(call) === 1).length;
  return {
    verdict: ifJudged(open ? 0 : once, found),
    once,
    lost,
    doubled,
    contradicted,
    unresolved,
  };
}
