import type { PoolClient } from 'pg';
import type { LeaseRequest } from './lease.ts';
import type { Clock, Monitor, Random, RetryBudget } from '@steadfast/shared';

/** What the parts of one pool share. */
export interface PoolCore {
  readonly monitor: Monitor;
  readonly clock: Clock;
  readonly random: Random;
  readonly budget: RetryBudget;
  readonly failoverWaitMs: number;
  readonly keepConnectionOnSqlError: boolean;
  /** requests that wait in pg-pool's queue for a connection to come back */
  readonly queued: Set<LeaseRequest>;
  /** whether a checkout now would dial: nothing is idle and there is room */
  mayDial(): boolean;
  /** whether a checkout now would queue: nothing is idle and there is no room */
  isFull(): boolean;
  /** pg-pool's own connect: an idle connection, a new one, or a place in its queue */
  checkout(callback: (error: Error | undefined, client: PoolClient | undefined) => void): void;
}
