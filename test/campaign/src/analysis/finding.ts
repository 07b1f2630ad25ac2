import type { Anomaly } from '@steadfast/check';

/** What a checker found in a history, all of one name together. */
export interface Finding {
  readonly checker: string;
  /** 'lost', 'G1c', 'wrong-sum' … */
  readonly name: string;
  readonly count: number;
  /** what the first of them says */
  readonly what: string;
  /** the calls that show it, by their ids in the history: the first of them */
  readonly calls: readonly string[];
}

export function findingsOf(checker: string, anomalies: readonly Anomaly[]): Finding[] {
  return [...Map.groupBy(anomalies, ({ name }) => name)].flatMap(([name, all]) => {
    const [first] = all;
    return first ? [{ checker, name, count: all.length, what: first.what, calls: first.calls }] : [];
  });
}

/** Calls that are all wrong in the same way. */
export function eachOf(name: string, what: string, ids: readonly string[]): Anomaly[] {
  return ids.map((id) => ({ name, calls: [id], what }));
}
