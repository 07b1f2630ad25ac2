import { NS_PER_MS, toMs, type Call } from './history.ts';
import { ifJudged, type Verdict } from './verdict.ts';

/** How much later than its deadline a call may end: a turn of a busy event loop. */
export const GRACE_MS = 50;

export interface DeadlineReport {
  verdict: Verdict;
  /** ended, or are still open, after their deadline and the grace */
  late: { id: string; byMs: number }[];
  /** had not ended when the history ended */
  open: number;
}

/** A span in which the machine did not run the client's process at all, ns. */
export interface Stall {
  readonly from: number;
  readonly to: number;
}

/**
 * No call ends later than its deadline. `endedAt` (ns) is when the history ends. A process that was not run cannot end
 * anything: such spans are no lateness.
 */
export function checkDeadline(
  calls: readonly Call[],
  endedAt: number,
  stalls: readonly Stall[] = [],
): DeadlineReport {
  const late = calls.flatMap((call) => {
    if (call.deadlineMs === undefined) return [];
    const due = call.began + call.deadlineMs * NS_PER_MS;
    const end = call.end.as === 'open' ? endedAt : call.end.at;
    const stalled = stalls.reduce(
      (sum, { from, to }) => sum + Math.max(0, Math.min(to, end) - Math.max(from, due)),
      0,
    );
    const byMs = toMs(end - due - stalled);
    return byMs > GRACE_MS ? [{ id: call.id, byMs }] : [];
  });
  const open = calls.filter(({ end }) => end.as === 'open').length;
  // A call that is open within its deadline, or has none, is neither kept nor broken yet.
  const kept = open > 0 ? 'unknown' : 'valid';
  const bound = calls.filter(({ deadlineMs }) => deadlineMs !== undefined).length;
  const verdict = late.length > 0 ? 'invalid' : ifJudged(bound, kept);
  return { verdict, late, open };
}
