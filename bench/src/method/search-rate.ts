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

/**
 * The highest rate that meets an objective: doubled until it fails, halved until it meets, then bisected between the two.
 * 0 where none of those tried met it.
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
    rate = Math.max(
      1,
      Math.round(bad === Infinity ? Math.min(max, good * 2) : good === 0 ? bad / 2 : (good + bad) / 2),
    );
    if (rate === good || rate === bad) break;
  }
  return good;
}
