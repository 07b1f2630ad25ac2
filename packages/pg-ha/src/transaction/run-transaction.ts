import type { PoolClient } from 'pg';
import {
  asError,
  Deadline,
  decideRetry,
  HaError,
  outcomeOf,
  uniqueToken,
  type Outcome,
} from '@steadfast/shared';
import { isUsable } from '../dial/client-internals.ts';
import type { HaClient } from '../dial/ha-client.ts';
import { classifyWorkError, isByRole } from '../errors/work-error.ts';
import { sqlstateMeaning, sqlstateOf } from '../errors/sqlstate.ts';
import { leaseClient } from '../pool/lease.ts';
import type { PoolCore } from '../pool/pool-core.ts';
import { commitWithProof, resolveCommit } from './commit-proof.ts';

export interface TransactionOptions {
  /** default: the server's `default_transaction_isolation` */
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readOnly?: boolean;
  /** resolve a lost answer to COMMIT by a row of the same transaction; needs `createProofTable` once (default false) */
  commitProof?: boolean;
  /** the whole call ends by then, ms; without it waiting and replaying end after failoverWaitMs, running statements do not */
  deadlineMs?: number;
  /** ends the call early */
  signal?: AbortSignal;
}

type Attempt<T> =
  { done: true; value: T } | { done: false; error: Error & { outcome: Outcome }; replay: boolean };

/** Runs `fn` in a transaction until it is committed, has failed for good, or the deadline has come. */
export async function runTransaction<T>(
  core: PoolCore,
  fn: (client: PoolClient) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const deadline = Deadline.after(core.clock, options.deadlineMs ?? core.failoverWaitMs);
  for (let attempts = 1; ; attempts++) {
    const attempt = await attemptOnce(core, fn, options, deadline);
    if (attempt.done) return attempt.value;
    const { error, replay } = attempt;
    const { expired } = deadline;
    const decision = decideRetry({
      outcome: error.outcome,
      byRole: replay,
      idempotent: false,
      attempts,
      expired,
    });
    if (!decision.retry || !core.budget.take()) throw error;
    await core.monitor.whenConfirmed(deadline, options.signal);
  }
}

async function attemptOnce<T>(
  core: PoolCore,
  fn: (client: PoolClient) => Promise<T>,
  options: TransactionOptions,
  deadline: Deadline,
): Promise<Attempt<T>> {
  const client = await leaseClient(core, deadline, options.signal);
  const release = boundLease(core, client, options, deadline);
  try {
    return await runOn(core, client, fn, options, deadline);
  } finally {
    release();
  }
}

/** Where the caller bounded the call, its connection is cut at that moment: what is in flight ends with its outcome. */
function boundLease(
  core: PoolCore,
  client: PoolClient,
  options: TransactionOptions,
  deadline: Deadline,
): () => void {
  const { deadlineMs, signal } = options;
  const cut = (code: 'HA_DEADLINE' | 'HA_ABORTED', why: string): void => {
    (client as unknown as HaClient).interrupt(
      new HaError(code, why, { outcome: 'unknown', cause: signal?.reason }),
    );
  };
  const onAbort = (): void => cut('HA_ABORTED', 'aborted by the caller');
  const late = (): void => cut('HA_DEADLINE', `the deadline of ${deadlineMs} ms has passed`);
  const timer = deadlineMs === undefined ? undefined : core.clock.timer(deadline.remainingMs, late);
  signal?.addEventListener('abort', onAbort, { once: true });
  return () => {
    timer?.cancel();
    signal?.removeEventListener('abort', onAbort);
  };
}

async function runOn<T>(
  core: PoolCore,
  client: PoolClient,
  fn: (client: PoolClient) => Promise<T>,
  options: TransactionOptions,
  deadline: Deadline,
): Promise<Attempt<T>> {
  const token = options.commitProof ? uniqueToken() : undefined;
  let value: T;
  try {
    await client.query(beginSql(options));
    value = await fn(client);
  } catch (thrown) {
    return failedBeforeCommit(client, asError(thrown));
  }
  try {
    await (token === undefined ? client.query('COMMIT') : commitWithProof(client, token));
    client.release();
    return { done: true, value };
  } catch (thrown) {
    const error = classifyWorkError(asError(thrown), 'COMMIT');
    client.release(error);
    if (token === undefined || error.outcome !== 'unknown')
      return { done: false, error, replay: mayReplay(error) };
    const committed = await resolveCommit(core, token, deadline, error);
    return committed ? { done: true, value } : { done: false, error: rejectedCopy(error), replay: true };
  }
}

/** Nothing has been committed: COMMIT was not sent. */
async function failedBeforeCommit<T>(client: PoolClient, cause: Error): Promise<Attempt<T>> {
  // Whatever fn made of it: with its link the transaction is gone, and nothing of it was applied.
  const lost = isByRole(cause) || !isUsable(client);
  if (lost) client.release(cause);
  else await rollback(client);
  const sqlstate = sqlstateOf(cause);
  const known = lost || sqlstate !== undefined || outcomeOf(cause) !== undefined;
  if (!known) throw cause; // the app's own error: not ours to label
  const replay = lost || (sqlstate !== undefined && sqlstateMeaning(sqlstate).replay);
  return { done: false, error: rejectedCopy(cause), replay };
}

async function rollback(client: PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK');
    client.release();
  } catch (error) {
    client.release(asError(error));
  }
}

function mayReplay(error: Error): boolean {
  const sqlstate = sqlstateOf(error);
  return sqlstate === undefined ? isByRole(error) : sqlstateMeaning(sqlstate).replay;
}

/** The same error, now that it is known that nothing was applied. */
function rejectedCopy(error: Error): Error & { outcome: Outcome } {
  const copy = Object.create(error) as Error & { outcome: Outcome };
  Object.defineProperty(copy, 'outcome', { value: 'rejected', enumerable: true });
  return copy;
}

function beginSql({ isolation, readOnly }: TransactionOptions): string {
  const level = isolation === undefined ? '' : ` ISOLATION LEVEL ${isolation.toUpperCase()}`;
  return `BEGIN${level}${readOnly ? ' READ ONLY' : ''}`;
}
