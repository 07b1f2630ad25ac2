import type { Outcome } from '../errors/outcome.ts';

/** What is known of a failed attempt when deciding whether to make another. */
export interface Attempt {
  outcome: Outcome;
  /** the server refused because of its role or state (25006, READONLY, LOADING …): another server, or a moment, will do */
  byRole: boolean;
  /** the caller declared, or the command's nature says, that a second application changes nothing */
  idempotent: boolean;
  /** attempts made so far, this one included */
  attempts: number;
  expired: boolean;
}

export type RetryDecision =
  { retry: true } | { retry: false; why: 'unsafe' | 'final' | 'deadline' | 'attempts' };

/** A call makes at most this many attempts, whatever its deadline: a limit on everything. */
export const MAX_ATTEMPTS = 1000;

/**
 * Retry only what is safe: work that was never sent, work refused because of the server's role,
 * and work of unknown outcome whose repetition changes nothing.
 */
export function decideRetry(attempt: Attempt): RetryDecision {
  if (attempt.outcome === 'committed') return { retry: false, why: 'final' };
  if (attempt.outcome === 'rejected' && !attempt.byRole) return { retry: false, why: 'final' };
  if (attempt.outcome === 'unknown' && !attempt.idempotent) return { retry: false, why: 'unsafe' };
  if (attempt.expired) return { retry: false, why: 'deadline' };
  if (attempt.attempts >= MAX_ATTEMPTS) return { retry: false, why: 'attempts' };
  return { retry: true };
}
