/**
 * What happened to the work of a call that failed.
 * - `notSent`: no byte of it reached a server; sending it again is always safe.
 * - `rejected`: a server refused it; nothing was applied.
 * - `unknown`: it was sent and the answer never came; it may have been applied.
 * - `committed`: the answer was lost, and the work has been proven to be applied.
 */
export type Outcome = 'notSent' | 'rejected' | 'unknown' | 'committed';

/** The property under which an error carries its outcome, ours and the drivers' alike. */
export interface HasOutcome {
  readonly outcome: Outcome;
}

/** The outcome an error carries, or undefined where nobody has classified it. */
export function outcomeOf(error: unknown): Outcome | undefined {
  if (typeof error !== 'object' || error === null || !('outcome' in error)) return undefined;
  const { outcome } = error;
  return outcome === 'notSent' || outcome === 'rejected' || outcome === 'unknown' || outcome === 'committed'
    ? outcome
    : undefined;
}

/**
 * Writes an outcome on an error of a driver and returns it, so that callers keep the object they know
 * (`instanceof DatabaseError`, `.code`). An outcome that is already there stays: whoever was nearest knew best.
 */
export function withOutcome<E extends object>(error: E, outcome: Outcome): E & HasOutcome {
  if (outcomeOf(error) === undefined) {
    Object.defineProperty(error, 'outcome', {
      value: outcome,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return error as E & HasOutcome;
}

/** As {@link withOutcome}, for whoever has learnt more than the one who wrote the outcome that is there. */
export function correctOutcome<E extends object>(error: E, outcome: Outcome): E & HasOutcome {
  Object.defineProperty(error, 'outcome', {
    value: outcome,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return error as E & HasOutcome;
}
