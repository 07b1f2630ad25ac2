import type { PoolClient } from 'pg';
import { asError, backoffMs, HaError, isHaError, sleep, type Deadline } from '@steadfast/shared';
import type { PoolCore } from '../pool/pool-core.ts';
import { sqlstateOf } from '../errors/sqlstate.ts';
import { LeaseHolder } from './lease-holder.ts';
import { PROOF_TABLE } from './proof-table.ts';

/** Anything that can run SQL: a pool or a client. */
export interface Queryable {
  query(sql: string): Promise<unknown>;
}

/** A row that tells whether a transaction was committed. */
export interface Proof {
  /** its full name */
  readonly table: string;
  readonly token: string;
}

/** in_failed_sql_transaction: what a statement in a transaction is told in which another one has failed. */
const IN_FAILED_TRANSACTION = '25P02';

/** One row a transaction that carried a proof, or a claim on one whose COMMIT was lost. */
export const PROOF_TABLE_SQL: string = `CREATE TABLE IF NOT EXISTS ${PROOF_TABLE} (
  token uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('commit', 'claim')),
  at timestamptz NOT NULL DEFAULT now()
)`;

/** Creates the table that commit proofs need. Explicit, like any migration: nothing creates it silently. */
export async function createProofTable(db: Queryable): Promise<void> {
  await db.query(PROOF_TABLE_SQL);
}

/**
 * Removes proofs older than `maxAgeMs` (default one day); they are of no use once the caller has its answer.
 * It must be far longer than any call's deadline.
 */
export async function sweepProofs(db: Queryable, maxAgeMs = 86_400_000): Promise<void> {
  if (!Number.isFinite(maxAgeMs) || maxAgeMs < 3_600_000) {
    throw new HaError('HA_CONFIG', `maxAgeMs is ${maxAgeMs}; allowed: at least 3600000`, {
      outcome: 'notSent',
    });
  }
  await db.query(
    `DELETE FROM ${PROOF_TABLE} WHERE at < now() - interval '${Math.round(maxAgeMs)} milliseconds'`,
  );
}

/**
 * The proof travels in the same message as COMMIT: no round trip more than without it.
 * @throws HaError HA_ROLLED_BACK where a statement had failed before
 */
export async function commitWithProof(client: PoolClient, { table, token }: Proof): Promise<void> {
  try {
    await client.query(`INSERT INTO ${table} (token, kind) VALUES ('${token}', 'commit'); COMMIT`);
  } catch (error) {
    throw sqlstateOf(error) === IN_FAILED_TRANSACTION ? rolledBack(error) : error;
  }
}

/**
 * Whether a transaction whose answer to COMMIT was lost has been committed, on the current primary, beyond doubt.
 * The token is claimed: if the row is already there, it has; if our claim gets in, it never will, not even when the old
 * backend still lives, because its insert would now violate the key. While that backend is still committing, ours waits for it.
 * @throws HaError HA_COMMIT_UNRESOLVED (outcome `unknown`) at the deadline
 */
export async function resolveCommit(
  core: PoolCore,
  proof: Proof,
  lost: Error,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (let attempts = 0; !deadline.expired && !signal?.aborted; attempts++) {
    // Bounded as a whole: neither a backend that never ends nor a standby that never confirms may hold us.
    const limits = { deadlineMs: Math.max(1, deadline.remainingMs), ...(signal && { signal }) };
    const holder = new LeaseHolder(core, limits, deadline);
    try {
      await core.monitor.whenConfirmed(deadline, signal);
      return await holder.untilEnd(() => claim(holder, proof));
    } catch (error) {
      if (isHaError(error, 'HA_CLOSED')) throw unresolved('before the pool was ended', lost);
      core.monitor.suspect(asError(error).message);
      const pause = backoffMs({ minMs: 5, maxMs: 250 }, attempts, core.random);
      await sleep(core.clock, deadline.stepMs(pause), { signal });
    } finally {
      holder.close();
    }
  }
  throw unresolved(`within ${Math.round(deadline.totalMs)} ms`, lost);
}

function unresolved(when: string, lost: Error): HaError {
  const message = `the answer to COMMIT was lost, and it could not be resolved ${when}`;
  return new HaError('HA_COMMIT_UNRESOLVED', message, { outcome: 'unknown', cause: lost });
}

/**
 * One statement, which waits for a backend that is still committing. It writes whatever it finds, so that its own commit
 * waits for the standbys: what it saw cannot be lost to them any more.
 */
async function claim(holder: LeaseHolder, { table, token }: Proof): Promise<boolean> {
  const client = await holder.lease();
  try {
    // A claim of an earlier try whose answer was lost too counts as a claim.
    const { rows } = await client.query<{ kind: string }>(
      `INSERT INTO ${table} AS proof (token, kind) VALUES ('${token}', 'claim')
       ON CONFLICT (token) DO UPDATE SET kind = proof.kind RETURNING kind`,
    );
    holder.release();
    return rows[0]?.kind === 'commit';
  } catch (error) {
    holder.release(asError(error));
    throw error;
  }
}

/** The server rolls a failed transaction back when it is told to commit it. */
export function rolledBack(cause?: unknown): HaError {
  const message = 'COMMIT was answered with ROLLBACK: a statement had failed and its error was not passed on';
  return new HaError('HA_ROLLED_BACK', message, { outcome: 'rejected', cause });
}
