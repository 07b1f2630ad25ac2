import type { Call } from './history.ts';
import { highWater } from './high-water.ts';
import { sessionVerdict, type SessionReport } from './monotonic.ts';
import { sessionsOf } from './session.ts';
import type { Anomaly } from './verdict.ts';

/**
 * A read sees what its session has written: all writes that were acknowledged before the read began, and the one that
 * its own call made before reading. Where the servers may lose what they acknowledged, missing it may be that loss.
 */
export function checkReadYourWrites(
  calls: readonly Call[],
  { serversKeep }: { serversKeep: boolean },
): SessionReport {
  let judged = 0;
  const anomalies: Anomaly[] = [];
  for (const session of sessionsOf(calls)) {
    const writtenBefore = highWater(
      session.flatMap(({ id, at, wrote }) => (wrote === undefined ? [] : [{ id, at, value: wrote }])),
    );
    for (const { id, began, wrote, read } of session) {
      if (read === undefined) continue;
      const before = writtenBefore(began);
      const expected = Math.max(wrote ?? 0, before?.value ?? 0);
      if (expected === 0) continue;
      judged += 1;
      if (read < expected)
        anomalies.push({
          name: 'own-write-missing',
          calls: [...(before && before.value > (wrote ?? 0) ? [before.id] : []), id],
          what: `wrote ${expected}, read ${read}`,
        });
    }
  }
  return { verdict: sessionVerdict(judged, anomalies, serversKeep), judged, anomalies };
}
