/** A latency objective: that percentile within that many ms, and no errors. */
export interface Objective {
  readonly percentile: number;
  readonly ms: number;
}

export interface Search {
  /** calls per second to begin with */
  readonly from: number;
  readonly max: number;
  /** measurements at most */
  readonly steps: number;
  /** stops when bounds are so near to each other, as a share */
  readonly precision: number;
}

/** So many times the rate is tried next while none has failed, or the other way while none has met the objective. */
const STRIDE = 4;

/**
 * The highest rate that meets an objective: raised until it fails, lowered until it meets, then halved between the two, as a
 * ratio. 0 where none of those tried met it; `max` where none failed.
 */
export async function searchRate(
  meets: (perSecond: number) => Promise<boolean>,
  { from, max, steps, precision }: Search,
): Promise<number> {
  let good = 0;
  let bad = Number.POSITIVE_INFINITY;
  for (let step = 0, rate = Math.min(from, max); step < steps; step++) {
    if (await meets(rate)) good = rate;
    else bad = rate;
    if (good >= max || bad - good <= good * precision || bad <= 1) break;
    rate = Math.max(1, Math.round(between(good, bad, max)));
    if (rate === good || rate === bad) break;
  }
  return good;
}

function between(good: number, bad: number, max: number): number {
  if (bad === Number.POSITIVE_INFINITY) return Math.min(max, good * STRIDE);
  return good === 0 ? bad / STRIDE : Math.sqrt(good * bad);
}
