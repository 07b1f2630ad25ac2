import type { PoolClient, QueryResult } from 'pg';
import {
  asError,
  correctOutcome,
  Deadline,
  decideRetry,
  uniqueToken,
  withOutcome,
  wrongSetting,
  type Outcome,
} from '@steadfast/shared';
import { isUsable } from '../dial/client-internals.ts';
import { hasSaid } from '../dial/server-errors.ts';
import { classifyWorkError, endsTransaction, isByRole } from '../errors/work-error.ts';
import { driverErrorOf, meaningOf, sqlstateOf } from '../errors/sqlstate.ts';
import type { CallLimits } from '../pool/call-bound.ts';
import type { PoolCore } from '../pool/pool-core.ts';
import { SameRefusal } from '../pool/same-refusal.ts';
import type { HaQueryConfig } from '../pool/query-runner.ts';
import { commitWithProof, resolveCommit, rolledBack, type Proof } from './commit-proof.ts';
import { LeaseHolder } from './lease-holder.ts';
import { queryOpening } from './opening-query.ts';

/**
 * `deadlineMs` and `signal` end the whole call; without them waiting and replaying end after failoverWaitMs, running
 * statements do not.
 */
export interface TransactionOptions extends CallLimits {
  /** default: the server's `default_transaction_isolation` */
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** a statement that writes is an error; goes with no proof, which is a write (default false) */
  readOnly?: boolean;
  /** resolve a lost answer to COMMIT by a row of the same transaction; needs `createProofTable` once (default false) */
  commitProof?: boolean;
  /** for reads: the server must hold what `pool.token()` named */
  after?: string;
}

/** 42P01 */
const UNDEFINED_TABLE = '42P01';

/** Opens a transaction by the statements of `begin` and does what is to be committed. */
type Work<T> = (client: PoolClient, begin: readonly string[]) => Promise<T>;
type Failure = { done: false; error: Error & { outcome: Outcome }; replay: boolean };
type Attempt<T> = { done: true; value: T } | Failure;

/** Runs `fn` in a transaction until it is committed, has failed for good, or its end has come. */
export function runTransaction<T>(
  core: PoolCore,
  fn: (client: PoolClient) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const work: Work<T> = async (client, begin) => {
    await client.query(begin.join('; '));
    return fn(client);
  };
  return commitWork(core, work, options);
}

/**
 * One statement, applied exactly once: a transaction of its own with a proof. BEGIN travels with the statement and the proof
 * with COMMIT, so it takes two round trips, and the rows are there before COMMIT is sent.
 */
export async function runProvenStatement(
  core: PoolCore,
  config: HaQueryConfig,
  values: unknown[] | undefined,
): Promise<QueryResult> {
  if (endsTransaction(config.text))
    throw wrongSetting('option commitProof', true, 'with a statement that does not end a transaction itself');
  const { deadlineMs, signal } = config;
  const limits = { ...(deadlineMs !== undefined && { deadlineMs }), ...(signal && { signal }) };
  const work: Work<QueryResult> = (client, begin) =>
    queryOpening(client, begin, config, values).catch((error: unknown) => {
      throw withOutcome(asError(error), 'rejected'); // COMMIT has not been sent
    });
  return commitWork(core, work, { ...limits, commitProof: true });
}

async function commitWork<T>(core: PoolCore, work: Work<T>, given: TransactionOptions): Promise<T> {
  const options = core.servers.readsOnly ? { ...given, readOnly: true } : given;
  if (options.readOnly && options.commitProof) {
    throw wrongSetting(
      'option commitProof',
      true,
      'false for what is read only: a proof is a row that is written',
    );
  }
  const deadline = Deadline.after(core.clock, options.deadlineMs ?? core.failoverWaitMs);
  const holder = new LeaseHolder(core, options, deadline);
  const refusal = new SameRefusal();
  try {
    for (let attempts = 1; ; attempts++) {
      const client = await holder.lease();
      const attempt = await attemptOnce(core, client, work, options, holder);
      if (attempt.done) return attempt.value;
      const { error, replay } = attempt;
      if (holder.bound.ended) throw holder.bound.error(error.outcome, error);
      const { expired } = deadline;
      const decision = decideRetry({
        outcome: error.outcome,
        byRole: replay,
        idempotent: core.servers.readsOnly,
        attempts,
        expired,
      });
      if (
        !decision.retry ||
        refusal.isFinal(client, driverErrorOf(error)) ||
        !core.budget.take(error.outcome)
      )
        throw core.servers.explain(error);
      await core.servers.ready(deadline, options.signal);
    }
  } finally {
    holder.close();
  }
}

async function attemptOnce<T>(
  core: PoolCore,
  client: PoolClient,
  work: Work<T>,
  options: TransactionOptions,
  holder: LeaseHolder,
): Promise<Attempt<T>> {
  let value: T;
  let proof: Proof | undefined;
  try {
    if (options.commitProof)
      proof = { table: await holder.untilEnd(() => core.proofTable.nameOn(client)), token: uniqueToken() };
    value = await holder.untilEnd(() => work(client, beginSql(options, core.pooler?.statementTimeoutMs)));
  } catch (thrown) {
    return failedBeforeCommit(holder, client, asError(thrown), options);
  }
  try {
    await (proof ? commitWithProof(client, proof) : commit(client));
    holder.release();
    return { done: true, value };
  } catch (thrown) {
    const error = classifyWorkError(asError(thrown), 'COMMIT');
    holder.release(error);
    if (sqlstateOf(error) === UNDEFINED_TABLE) core.proofTable.forget();
    if (!proof || error.outcome !== 'unknown' || holder.bound.ended)
      return { done: false, error, replay: mayReplay(error) };
    // Without a limit of the caller's the time that fn took must not be taken from resolving.
    const limit =
      options.deadlineMs === undefined ? Deadline.after(core.clock, core.failoverWaitMs) : holder.deadline;
    const committed = await resolveCommit(core, proof, error, limit, options.signal);
    return committed
      ? { done: true, value }
      : { done: false, error: correctOutcome(error, 'rejected'), replay: true };
  }
}

/** The server answers COMMIT of a failed transaction with ROLLBACK, and calls that no error. */
async function commit(client: PoolClient): Promise<void> {
  const { command }: QueryResult = await client.query('COMMIT');
  if (command !== 'COMMIT') throw rolledBack();
}

/** Nothing has been committed: COMMIT was not sent. */
async function failedBeforeCommit(
  holder: LeaseHolder,
  client: PoolClient,
  thrown: Error,
  { readOnly }: TransactionOptions,
): Promise<Failure> {
  const cause = driverErrorOf(thrown);
  // Another client's error, of another cluster perhaps, says nothing about this one.
  const meaning = hasSaid(client, cause) ? meaningOf(cause) : undefined;
  // In a transaction that is read-only by wish, 25006 speaks of the statement and not of the server.
  const asWished = readOnly === true && sqlstateOf(cause) === '25006';
  // Whatever fn made of it: with its link the transaction is gone, and nothing of it was applied.
  const lost = !asWished && (meaning?.byRole === true || !isUsable(client));
  if (lost) holder.release(cause);
  else await rollback(holder, client);
  if (!lost && !meaning) throw thrown; // the app's own error, or another client's: not ours to label
  const replay = lost || (!asWished && meaning?.replay === true);
  return { done: false, error: correctOutcome(thrown, 'rejected'), replay };
}

async function rollback(holder: LeaseHolder, client: PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK');
    holder.release();
  } catch (error) {
    holder.release(asError(error));
  }
}

function mayReplay(error: Error): boolean {
  return meaningOf(error)?.replay ?? isByRole(error);
}

/** Behind a pooler the statement timeout goes along with BEGIN, in the same message: no session could keep it. */
function beginSql({ isolation, readOnly }: TransactionOptions, timeoutMs: number | undefined): string[] {
  const level = isolation === undefined ? '' : ` ISOLATION LEVEL ${isolation.toUpperCase()}`;
  const begin = `BEGIN${level}${readOnly ? ' READ ONLY' : ''}`;
  return timeoutMs === undefined ? [begin] : [begin, `SET LOCAL statement_timeout = ${Math.ceil(timeoutMs)}`];
}
