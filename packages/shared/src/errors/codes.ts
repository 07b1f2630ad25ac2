/** Every code an {@link HaError} can carry. They are stable: programs may branch on them. */
export const HA_CODES = [
  'HA_CONFIG', // a setting is wrong; names it, its value and what is allowed
  'HA_NO_PRIMARY', // no primary was found before the deadline
  'HA_NO_REPLICA', // no server that may answer reads was found before the deadline
  'HA_READ_ONLY', // a write was given to whoever runs reads alone
  'HA_DEADLINE', // the deadline passed while the work was under way
  'HA_ABORTED', // the caller's signal fired
  'HA_QUEUE_FULL', // too many calls are waiting for a primary already
  'HA_CIRCUIT_OPEN', // the outage is long; calls fail fast until a primary is seen
  'HA_DIAL_FAILED', // a connection could not be opened
  'HA_NOT_PRIMARY', // the server that answered is not the primary
  'HA_STALE_PRIMARY', // the server that answered is a primary of an older epoch
  'HA_WRONG_CLUSTER', // the server that answered belongs to another cluster
  'HA_AUTH', // the server refused the credentials; asking elsewhere would hide that
  'HA_CONNECTION_LOST', // the link broke with work in flight
  'HA_INTERRUPTED', // we cut the link because its server is no longer the primary
  'HA_TRANSACTION_LOST', // a transaction ended with its connection before COMMIT was sent
  'HA_ROLLED_BACK', // COMMIT was answered with ROLLBACK: a statement had failed, and its error was swallowed
  'HA_COMMIT_UNRESOLVED', // a lost COMMIT could not be resolved before the deadline
  'HA_LOCK_BUSY', // somebody else holds the lock
  'HA_LOCK_LOST', // a lock that was held can no longer be trusted
  'HA_NOT_DURABLE', // the master has applied it, and fewer replicas than asked have it
  'HA_CLOSED', // the client has been closed
] as const;

export type HaCode = (typeof HA_CODES)[number];
