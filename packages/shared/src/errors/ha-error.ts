import type { HaCode } from './codes.ts';
import type { HasOutcome, Outcome } from './outcome.ts';

/** A registered symbol, so that the guard works across two installed copies of this package. */
const BRAND = Symbol.for('steadfast.HaError');

export interface HaErrorDetails {
  outcome: Outcome;
  cause?: unknown;
  /** host:port of the server concerned, where there is one. */
  member?: string | undefined;
}

/**
 * The one error this library throws of itself. `code` is stable, `outcome` says what happened to the work,
 * `cause` is the driver's own error where there was one.
 */
export class HaError extends Error implements HasOutcome {
  override readonly name: string = 'HaError';
  readonly code: HaCode;
  readonly outcome: Outcome;
  readonly member?: string;

  constructor(code: HaCode, message: string, details: HaErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.outcome = details.outcome;
    if (details.member !== undefined) this.member = details.member;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** True for an {@link HaError} of any installed copy; with `code`, only for that code. */
export function isHaError(error: unknown, code?: HaCode): error is HaError {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as { code?: unknown }).code === code;
}

/** Any thrown value as an Error, for `cause` and messages. */
export function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

/** A one-line description of an error: code and message of the innermost cause that has something to say. */
export function describeError(value: unknown): string {
  const error = asError(value);
  const code = (error as { code?: unknown }).code;
  const message = error instanceof AggregateError && error.message === '' ? joined(error) : error.message;
  return typeof code === 'string' && !message.includes(code) ? `${code} ${message}`.trim() : message;
}

function joined(error: AggregateError): string {
  return error.errors.map((inner) => asError(inner).message).join('; ');
}
