import type { HaCode } from './codes.ts';
import type { HasOutcome, Outcome } from './outcome.ts';
import { isError, peek } from './peek.ts';

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
  if (peek(error, BRAND) === undefined) return false;
  return code === undefined || peek(error, 'code') === code;
}

/** A refusal of our credentials, settings or certificates: asking elsewhere, or waiting, would only hide it. */
export function isFinal(error: unknown): error is HaError {
  return isHaError(error, 'HA_AUTH') || isHaError(error, 'HA_CONFIG');
}

/** Any thrown value as an Error that says something, for `cause` and messages: itself, where it is one. */
export function asError(value: unknown): Error {
  return isError(value) && typeof peek(value, 'message') === 'string' ? value : new Error(textOf(value));
}

/** A one-line description of an error: code and message of the innermost cause that has something to say. */
export function describeError(value: unknown): string {
  const code = peek(value, 'code');
  const { message: own } = asError(value);
  const inner = own === '' ? peek(value, 'errors') : undefined;
  const message = Array.isArray(inner) ? inner.map((one) => asError(one).message).join('; ') : own;
  return typeof code === 'string' && !message.includes(code) ? `${code} ${message}`.trim() : message;
}

/** A value that is no Error, in words: nobody may fail on its account. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'a value that cannot be read';
  }
}
