import { describeError, HaError, isHaError, outcomeOf, withOutcome, type Outcome } from '@steadfast/shared';
import { sqlstateMeaning, sqlstateOf } from './sqlstate.ts';

/** What is known of the statement that a broken link took with it. */
export interface LostStatement {
  member: string;
  /** no byte of it had been written */
  queued: boolean;
  /** ReadyForQuery's status before it: 'I' idle, 'T' in a transaction, 'E' in a failed one; undefined where unknown */
  transactionStatus: string | null | undefined;
  /** its text, where it has one */
  text: string | undefined;
}

/**
 * A broken link as the error of one statement.
 * Inside a transaction whose COMMIT has not been sent nothing can have been applied: the server rolls back what it holds.
 */
export function lostStatement(cause: Error, lost: LostStatement): HaError {
  const { member } = lost;
  if (lost.queued) {
    return new HaError(
      'HA_CONNECTION_LOST',
      `the link to ${member} broke before the statement was sent (${describeError(cause)})`,
      {
        outcome: 'notSent',
        cause,
        member,
      },
    );
  }
  if ((lost.transactionStatus === 'T' || lost.transactionStatus === 'E') && !mayEndTransaction(lost.text)) {
    const message = `the link to ${member} broke in a transaction, before COMMIT was sent: nothing of it was applied (${describeError(cause)})`;
    return new HaError('HA_TRANSACTION_LOST', message, { outcome: 'rejected', cause, member });
  }
  const code = isHaError(cause) ? cause.code : 'HA_CONNECTION_LOST';
  const message = `the link to ${member} broke with a statement in flight, which may or may not have been applied (${describeError(cause)})`;
  return new HaError(code, message, { outcome: 'unknown', cause, member });
}

/** Whether a statement could contain the end of a transaction. Errs on the side of yes: the price is an honest `unknown`. */
export function mayEndTransaction(text: string | undefined): boolean {
  return text === undefined || /\b(commit|end|prepare|rollback|abort|call|do)\b/i.test(text);
}

/** Writes the outcome on the error of a statement, whoever made the error. */
export function classifyWorkError(error: Error, text: string | undefined): Error & { outcome: Outcome } {
  if (outcomeOf(error) !== undefined) return error as Error & { outcome: Outcome };
  const sqlstate = sqlstateOf(error);
  if (sqlstate === undefined) return withOutcome(error, 'unknown');
  // A server that goes away while it commits may have committed.
  const ending =
    (sqlstate === '57P01' || sqlstate === '57P02') && /\b(commit|end|prepare)\b/i.test(text ?? '');
  return withOutcome(error, ending ? 'unknown' : sqlstateMeaning(sqlstate).outcome);
}

/** Whether the server that answered is the wrong one or is going away. */
export function isByRole(error: unknown): boolean {
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== undefined) return sqlstateMeaning(sqlstate).byRole;
  return isHaError(error) && error.code !== 'HA_AUTH' && error.code !== 'HA_CONFIG';
}
