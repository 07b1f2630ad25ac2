export interface Mark {
  readonly id: string;
  /** ns: when it was known */
  readonly at: number;
  readonly value: number;
}

/**
 * The highest of the marks that were known before an instant. Instants have to be asked for in rising order, so that a
 * history of any length is gone through once.
 */
export function highWater(marks: readonly Mark[]): (instant: number) => Mark | undefined {
  const byTime = marks.toSorted((a, b) => a.at - b.at);
  let heard = 0;
  let highest: Mark | undefined;
  return (instant) => {
    for (let next = byTime[heard]; next && next.at < instant; next = byTime[++heard])
      if (!highest || next.value > highest.value) highest = next;
    return highest;
  };
}
