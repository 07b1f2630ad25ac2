import type { HasOutcome, Outcome } from '@steadfast/shared';

/**
 * A command of `once` failed after others had been applied. Redis does not roll back, and the proof is kept: a repeat with
 * the same token gives this same error. `outcome` is `unknown` because no single word fits; `applied` is exact.
 */
export class OnceError extends Error implements HasOutcome {
  override readonly name: string = 'OnceError';
  readonly outcome: Outcome = 'unknown';
  /** how many commands were applied: the first ones; the one after them failed, and none after that was run */
  readonly applied: number;
  /** the answers of those */
  readonly answers: readonly unknown[];

  constructor(total: number, applied: number, answers: readonly unknown[], cause: Error) {
    super(
      `command ${applied + 1} of ${total} failed (${cause.message}); the ${applied} before it were applied, none after`,
      {
        cause,
      },
    );
    this.applied = applied;
    this.answers = answers;
  }
}
