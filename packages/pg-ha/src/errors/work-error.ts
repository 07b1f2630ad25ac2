import {
  describeError,
  HaError,
  isHaError,
  outcomeOf,
  withOutcome,
  type HaCode,
  type Outcome,
} from '@steadfast/shared';
import { meaningOf, sqlstateOf } from './sqlstate.ts';

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
  if ((lost.transactionStatus === 'T' || lost.transactionStatus === 'E') && !endsTransaction(lost.text)) {
    const message = `the link to ${member} broke in a transaction, before COMMIT was sent: nothing of it was applied (${describeError(cause)})`;
    return new HaError('HA_TRANSACTION_LOST', message, { outcome: 'rejected', cause, member });
  }
  const code = isHaError(cause) ? cause.code : 'HA_CONNECTION_LOST';
  const message = `the link to ${member} broke with a statement in flight, which may or may not have been applied (${describeError(cause)})`;
  return new HaError(code, message, { outcome: 'unknown', cause, member });
}

/** A verb at the start of a statement, of which a text may hold several. */
const ENDS = /(^|;)\s*(commit|end|rollback|abort|prepare\s+transaction)\b/i;
/** A procedure, and what works by several transactions of its own: the index that it failed to build is there, unusable. */
const COMMITS_ALONE = /(^|;)\s*(call|do|execute|vacuum|cluster|reindex)\b|\bconcurrently\b/i;

/** Committed, and then more of the same text: what fails there comes after the fact. */
const COMMITS_FIRST = /(^|;)\s*(commit|end|prepare\s+transaction)\b[^;]*;\s*[^;\s]/i;

/** Whether a text may hold the end of a transaction. Errs on the side of yes: the price is an honest `unknown`. */
export function endsTransaction(text: string | undefined): boolean {
  return text === undefined || readings(text).some((reading) => ENDS.test(reading));
}

/** A text with and without what looks like comments: a verb may stand behind one, and a comment's mark within a string. */
function readings(text: string): string[] {
  const lines = (given: string): string => given.replaceAll(/--[^\r\n]*/g, ' ');
  return [text, blocks(text), lines(text), lines(blocks(text))];
}

/** Block comments may hold others: each end belongs to the last beginning before it. What has no end is no comment. */
function blocks(text: string): string {
  const open: number[] = [];
  const found: { from: number; to: number }[] = [];
  for (const { 0: mark, index } of text.matchAll(/\/\*|\*\//g)) {
    if (mark === '/*') open.push(index);
    else {
      const from = open.pop();
      if (from === undefined) continue;
      while ((found.at(-1)?.from ?? -1) > from) found.pop();
      found.push({ from, to: index + 2 });
    }
  }
  if (found.length === 0) return text;
  const parts = found.map(({ from }, index) => text.slice(found[index - 1]?.to ?? 0, from));
  return [...parts, text.slice(found.at(-1)?.to)].join(' ');
}

/** Writes the outcome on the error of a statement, whoever made the error. */
export function classifyWorkError(error: Error, text: string | undefined): Error & { outcome: Outcome } {
  if (outcomeOf(error) !== undefined) return error as Error & { outcome: Outcome };
  const meaning = meaningOf(error);
  if (!meaning) return withOutcome(error, 'unknown');
  // A server that goes away while it commits may have committed; a procedure that fails may have committed parts before.
  const sqlstate = sqlstateOf(error);
  const goesAway = sqlstate === '57P01' || sqlstate === '57P02';
  const partly = readings(text ?? '').some(
    (reading) => COMMITS_ALONE.test(reading) || COMMITS_FIRST.test(reading),
  );
  return withOutcome(error, partly || (goesAway && endsTransaction(text)) ? 'unknown' : meaning.outcome);
}

/** What no other server, and no other moment, would answer otherwise. */
const NOT_BY_ROLE: ReadonlySet<HaCode> = new Set(['HA_AUTH', 'HA_CONFIG', 'HA_ROLLED_BACK']);

/** Whether the server that answered is the wrong one or is going away. */
export function isByRole(error: unknown): boolean {
  return meaningOf(error)?.byRole ?? (isHaError(error) && !NOT_BY_ROLE.has(error.code));
}
