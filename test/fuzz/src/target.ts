import type { Arbitrary } from 'fast-check';

/** One thing that reads what others wrote. */
export interface Target {
  readonly name: string;
  /** its part of all inputs */
  readonly share: number;
  readonly input: Arbitrary<unknown>;
  /** Throws where a promise is broken. */
  check(input: unknown): void | Promise<void>;
}

/** A target, with its input's type kept inside. */
export function target<T>(
  name: string,
  share: number,
  input: Arbitrary<T>,
  check: (input: T) => void | Promise<void>,
): Target {
  return { name, share, input, check: (given) => check(given as T) };
}
