import type { Call } from './history.ts';
import { ifJudged, verdictOn, type Verdict } from './verdict.ts';

/** Every call added an element of its own, its id; `found` is what is there in the end, each as often as it is there. */
export interface SetReport {
  verdict: Verdict;
  /** acknowledged and there */
  ok: number;
  /** acknowledged and not there */
  lost: string[];
  /** there more than once */
  doubled: string[];
  /** there, although its call said that nothing was applied, or although nobody added it */
  unexpected: string[];
  /** unknown or open, and there */
  recovered: number;
}

export interface SetOptions {
  /** the servers promise to keep what they acknowledged (synchronous replication) */
  serversKeep: boolean;
}

export function checkSet(
  calls: readonly Call[],
  found: readonly string[],
  { serversKeep }: SetOptions,
): SetReport {
  const times = new Map<string, number>();
  for (const id of found) times.set(id, (times.get(id) ?? 0) + 1);
  const added = new Map(calls.map((call) => [call.id, call.end.as]));
  const there = [...times.keys()];
  const acknowledged = calls.filter(({ end }) => end.as === 'ok');
  const lost = acknowledged.filter(({ id }) => !times.has(id)).map(({ id }) => id);
  const doubled = [...times].filter(([, count]) => count > 1).map(([id]) => id);
  const unexpected = there.filter((id) => !added.has(id) || added.get(id) === 'fail');
  const recovered = there.filter((id) => ['unknown', 'open'].includes(added.get(id) ?? 'none')).length;
  const wrong = doubled.length + unexpected.length;
  const verdict = ifJudged(acknowledged.length, verdictOn({ wrong, lost: lost.length }, serversKeep));
  return { verdict, ok: acknowledged.length - lost.length, lost, doubled, unexpected, recovered };
}
