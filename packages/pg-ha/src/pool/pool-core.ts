import type { PoolClient } from 'pg';
import type { Clock, Deadline, Random, RetryBudget, Seat } from '@steadfast/shared';
import type { PoolerSettings } from '../options/pooler.ts';
import type { Verification } from './fitness.ts';
import type { LeaseRequest } from './lease.ts';
import type { Pipeline } from './pipeline.ts';
import type { PendingItem } from './pool-internals.ts';
import type { ProofTable } from '../transaction/proof-table.ts';
import type { AutoPrepare } from './prepare.ts';
import type { Statements } from './statements.ts';

/** Where the calls of one pool go: to the primary, or to whoever may answer reads. */
export interface Servers {
  /** Nothing that is run there changes anything, so all of it may be run again. */
  readonly readsOnly: boolean;
  lease(request: LeaseRequest): void;
  /** Resolves when work that has failed may be sent again. */
  ready(deadline: Deadline, signal: AbortSignal | undefined): Promise<unknown>;
  /** Whether work failed because of the server it was on, so that another one, or a moment, will do. */
  blames(error: unknown): boolean;
  /** What the caller gets for a statement's last error. */
  explain(error: Error): Error;
}

/** What the parts of one pool share. */
export interface PoolCore {
  readonly monitor: Seat;
  readonly clock: Clock;
  readonly random: Random;
  readonly budget: RetryBudget;
  readonly servers: Servers;
  readonly failoverWaitMs: number;
  readonly keepConnectionOnSqlError: boolean;
  /** the password is a function, which is asked at each dial */
  readonly rereadsPassword: boolean;
  /** a pooler stands in between: no session is ours */
  readonly pooler: PoolerSettings | undefined;
  /** where commit proofs are kept */
  readonly proofTable: ProofTable;
  /** what statements were run of late; where something depends on it */
  readonly statements: Statements | undefined;
  /** where statements get names */
  readonly prepare: AutoPrepare | undefined;
  /** where statements may share connections */
  readonly pipeline: Pipeline | undefined;
  /** pg-pool's queue */
  waiting(): PendingItem[];
  /** whether a checkout now would dial: nothing is idle and there is room */
  mayDial(): boolean;
  /** whether a checkout now has to wait for a connection to come back: all that is idle is spoken for, and there is no room */
  isFull(): boolean;
  readonly verification: Verification;
  /** closes the idle connections that have been quiet for long */
  dropStale(): void;
  /** pg-pool's own connect: an idle connection, a new one, or a place in its queue */
  checkout(callback: (error: Error | undefined, client: PoolClient | undefined) => void): void;
}
