import type { Instant } from '../runtime/clock.ts';
import type { Epoch } from './member.ts';

/**
 * Where the primary's log was, and when, newest last. Positions are the cluster's own, in bytes: PostgreSQL's LSN, Redis's
 * replication offset. All times are of this process's clock, so no server's clock has to be right.
 */
export interface PositionLog {
  /** positions of different epochs say nothing about each other */
  readonly epoch: Epoch | undefined;
  readonly samples: readonly PositionSample[];
  /** where the epoch's primary was when it was first seen: whoever has got there holds all that has come over from before */
  readonly begin: number;
  /** the furthest position anybody has shown */
  readonly furthest: number;
}

interface PositionSample {
  readonly position: number;
  /** when the primary was last known to be there */
  readonly at: Instant;
}

/** How far a replica is behind. */
export interface Lag {
  /** bytes of the log that it has not applied, as of the last look */
  readonly bytes: number;
  /** its data are at most so old, ms; Infinity where that cannot be told */
  readonly ms: number;
}

/** However often and for however long the primary is asked: a lag is told to within an eighth of itself. */
const MAX_SAMPLES = 128;

export const EMPTY_POSITION_LOG: PositionLog = {
  epoch: undefined,
  samples: [],
  begin: Infinity,
  furthest: 0,
};

/** Pure: the primary of `epoch` was at `position`, asked at `at`. What an older primary says changes nothing. */
export function notePosition(
  log: PositionLog,
  epoch: Epoch | undefined,
  position: number,
  at: Instant,
): PositionLog {
  if (epoch !== undefined && log.epoch !== undefined && epoch < log.epoch) return log;
  if (epoch !== log.epoch || log.samples.length === 0)
    return { epoch, samples: [{ position, at }], begin: position, furthest: position };
  const last = log.samples.at(-1);
  if (last && (at < last.at || position < last.position)) return log; // an answer that was overtaken
  // An idle primary stands still: what has reached that position is as fresh as the last look.
  const earlier = last?.position === position ? log.samples.slice(0, -1) : log.samples;
  const samples = thinned([...earlier, { position, at }]);
  return { ...log, samples, furthest: Math.max(log.furthest, position) };
}

/**
 * Pure: where there is one sample too many, the one goes whose loss makes a lag look greatest by the least, for what it is. Were
 * it the oldest, the log would be the shorter the more often the primary is asked, and that is when a replica is waited for.
 */
function thinned(samples: readonly PositionSample[]): readonly PositionSample[] {
  const newest = samples.at(-1);
  if (!newest || samples.length <= MAX_SAMPLES) return samples;
  let [leastLost, least] = [1, Infinity];
  for (let n = 1; n < samples.length - 1; n++) {
    const [before, after] = [samples[n - 1], samples[n + 1]];
    const share = before && after ? (after.at - before.at) / (newest.at - before.at) : Infinity;
    if (share < least) [leastLost, least] = [n, share];
  }
  return samples.toSpliced(leastLost, 1);
}

/** Pure: a replica has shown `position`, so the primary has been at least there. It says nothing about when. */
export function noteReached(log: PositionLog, position: number): PositionLog {
  return position > log.furthest ? { ...log, furthest: position } : log;
}

/** Pure: how far behind a replica is that has applied the log up to `position`. */
export function lagOf(log: PositionLog, position: number, now: Instant): Lag {
  const reached = log.samples.findLast((sample) => sample.position <= position);
  return {
    bytes: Math.max(0, log.furthest - position),
    ms: reached ? now - reached.at : Infinity,
  };
}
