import type { TransactionGuard } from '../commands/transaction-guard.ts';
import type { DriverInternals } from '../driver/internals.ts';
import type { Condition } from './dedicated-pool.ts';

/** What a connection is that has not been told to end. */
export function conditionOf(
  { status, commandQueue, offlineQueue, condition }: DriverInternals,
  db: number,
  transaction: TransactionGuard['state'],
): Condition {
  if (status === 'wait') return 'clean';
  const busy = commandQueue.length + offlineQueue.length > 0;
  const asOpened = condition?.select === db && !condition.subscriber;
  if (status !== 'ready' || busy || !asOpened) return 'unclean';
  if (transaction === 'none') return 'clean';
  return transaction === 'watching' ? 'watching' : 'unclean';
}
