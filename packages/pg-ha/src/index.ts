export { HaPool } from './pool/ha-pool.ts';
export { HaClient } from './dial/ha-client.ts';
export type { HaPoolOptions } from './options/pool-options.ts';
export type { HaQueryConfig, HaQueryOptions } from './pool/query-runner.ts';
export type { PoolHealth } from './pool/health.ts';
export type { PoolEvents, Superseded } from './pool/pool-events.ts';
export type { ReaderHealth } from './reader/reads.ts';
export type {
  Gap,
  Listening,
  ListenOptions,
  Notification,
  NotificationHandler,
} from './listen/subscription.ts';
export type { TransactionOptions } from './transaction/run-transaction.ts';
export {
  createProofTable,
  PROOF_TABLE_SQL,
  sweepProofs,
  type Queryable,
} from './transaction/commit-proof.ts';
export type { HaEvents } from '@steadfast/shared';
export { HaError, isHaError, outcomeOf, type HaCode, type Outcome } from '@steadfast/shared';
