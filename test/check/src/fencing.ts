import type { Call } from './history.ts';
import { highWater } from './high-water.ts';
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
  const answers = calls.flatMap(({ id, began, end }) =>
    end.as === 'ok' && end.epoch !== undefined ? [{ id, began, at: end.at, value: end.epoch }] : [],
  );
  if (answers.length === 0) return { verdict: 'unknown', stale: [] };
  const seenBefore = highWater(answers);
  const stale = answers
    .toSorted((a, b) => a.began - b.began)
    .flatMap(({ id, began, value: epoch }) => {
      const seen = seenBefore(began)?.value ?? epoch;
      return epoch < seen ? [{ id, epoch, seen }] : [];
    });
  return { verdict: stale.length > 0 ? 'invalid' : 'valid', stale };
}
