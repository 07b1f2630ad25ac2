import type { Call } from './history.ts';
import type { Verdict } from './verdict.ts';

export interface FencingReport {
  verdict: Verdict;
  /** calls that began after the client had an answer of a newer epoch, and were answered by an older one */
  stale: { id: string; epoch: number; seen: number }[];
}

/**
 * No client goes back: once one of its calls was answered by a server of some epoch, no call that begins later is
 * answered by one of a lower epoch. Where no answer carries an epoch, that cannot be told.
 */
export function checkFencing(calls: readonly Call[]): FencingReport {
  const answers = calls
    .flatMap(({ id, began, end }) =>
      end.as === 'ok' && end.epoch !== undefined ? [{ id, began, at: end.at, epoch: end.epoch }] : [],
    )
    .toSorted((a, b) => a.at - b.at);
  if (answers.length === 0) return { verdict: 'unknown', stale: [] };
  const byBeginning = answers.toSorted((a, b) => a.began - b.began);
  const stale: FencingReport['stale'] = [];
  let heard = 0;
  let seen = Number.NEGATIVE_INFINITY;
  for (const { id, began, epoch } of byBeginning) {
    for (let next = answers[heard]; next && next.at < began; next = answers[++heard])
      seen = Math.max(seen, next.epoch);
    if (epoch < seen) stale.push({ id, epoch, seen });
  }
  return { verdict: stale.length > 0 ? 'invalid' : 'valid', stale };
}
