import { peek } from './peek.ts';

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

/** How deep libraries wrap errors, at most. */
const MAX_DEPTH = 8;

/**
 * The outcome of an error, or undefined where nobody has classified it. A library may have wrapped the error that carries it:
 * the nearest along `cause` counts.
 */
export function outcomeOf(error: unknown): Outcome | undefined {
  let at = error;
  for (let depth = 0; depth < MAX_DEPTH && typeof at === 'object' && at !== null; depth++) {
    const outcome = ownOutcome(at);
    if (outcome !== undefined) return outcome;
    at = peek(at, 'cause');
  }
  return undefined;
}

/** Outcomes of errors that cannot be written on, such as frozen ones. */
const beside = new WeakMap<object, Outcome>();

function ownOutcome(error: object): Outcome | undefined {
  const outcome = beside.get(error) ?? peek(error, 'outcome');
  return outcome === 'notSent' || outcome === 'rejected' || outcome === 'unknown' || outcome === 'committed'
    ? outcome
    : undefined;
}

/**
 * Writes an outcome on an error of a driver and returns it, so that callers keep the object they know
 * (`instanceof DatabaseError`, `.code`). An outcome that is already there stays: whoever was nearest knew best.
 */
export function withOutcome<E extends object>(error: E, outcome: Outcome): E & HasOutcome {
  if (ownOutcome(error) === undefined) write(error, outcome);
  return error as E & HasOutcome;
}

/** As {@link withOutcome}, for whoever has learnt more than the one who wrote the outcome that is there. */
export function correctOutcome<E extends object>(error: E, outcome: Outcome): E & HasOutcome {
  write(error, outcome);
  return error as E & HasOutcome;
}

function write(error: object, outcome: Outcome): void {
  if (!define(error, outcome)) beside.set(error, outcome);
}

function define(error: object, value: Outcome): boolean {
  try {
    const property = { value, enumerable: true, configurable: true, writable: true };
    return Reflect.defineProperty(error, 'outcome', property);
  } catch {
    return false; // a Proxy that throws
  }
}
