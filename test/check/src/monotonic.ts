import type { Call } from './history.ts';
import { highWater } from './high-water.ts';
import { sessionsOf } from './session.ts';
import { ifJudged, verdictOn, type Anomaly, type Verdict } from './verdict.ts';

export interface SessionReport {
  verdict: Verdict;
  /** reads that had something to be held against */
  judged: number;
  anomalies: Anomaly[];
}

/**
 * The reads of one session never go back: a read that begins after another has ended sees at least as much. Where the
 * servers may lose what they acknowledged, going back may be that loss.
 */
export function checkMonotonic(
  calls: readonly Call[],
  { serversKeep }: { serversKeep: boolean },
): SessionReport {
  let judged = 0;
  const anomalies: Anomaly[] = [];
  for (const session of sessionsOf(calls)) {
    const reads = session.flatMap(({ id, began, at, read }) =>
      read === undefined ? [] : [{ id, began, at, value: read }],
    );
    const seenBefore = highWater(reads);
    for (const { id, began, value } of reads) {
      const seen = seenBefore(began);
      if (!seen) continue;
      judged += 1;
      if (value < seen.value)
        anomalies.push({
          name: 'backwards',
          calls: [seen.id, id],
          what: `read ${seen.value}, then ${value}`,
        });
    }
  }
  return { verdict: sessionVerdict(judged, anomalies, serversKeep), judged, anomalies };
}

export function sessionVerdict(judged: number, anomalies: readonly Anomaly[], serversKeep: boolean): Verdict {
  return ifJudged(judged, verdictOn({ wrong: 0, lost: anomalies.length }, serversKeep));
}
