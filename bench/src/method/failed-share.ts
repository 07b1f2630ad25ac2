import type { Errors } from './tally.ts';

/** What became of operations. */
export interface Outcome {
  /** that ended well */
  readonly operations: number;
  readonly errors: Errors;
}

/** Beyond this difference, as a share, the slowest hundredth of one is not that of the other. */
const NOTICEABLE = 0.001;

/** Of all operations, those that failed. */
export function failedShare({ operations, errors }: Outcome): number {
  const failed = errors.notSent + errors.rejected + errors.unknown;
  return failed === 0 ? 0 : failed / (operations + failed);
}

/** Whether as many failed in both that their figures are of the same work: who fails instead of waiting looks fast. */
export function failAlike(one: Outcome, other: Outcome): boolean {
  return Math.abs(failedShare(one) - failedShare(other)) <= NOTICEABLE;
}
