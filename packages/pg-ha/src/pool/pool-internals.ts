import type { ClientBase, Pool, PoolClient } from 'pg';
import type { HaClient } from '../dial/ha-client.ts';
import { internals } from '../dial/client-internals.ts';
import { poolEnded } from '../errors/dial-error.ts';
import type { Checkout, LeaseRequest } from './lease.ts';

/**
 * The parts of pg-pool that are not in its types and that we read or call.
 * https://github.com/brianc/node-postgres/blob/master/packages/pg-pool/index.js
 */
export interface PoolInternals {
  _clients: readonly HaClient[];
  readonly _idle: readonly { readonly client: HaClient }[];
  /** past their lifetime, and in use */
  readonly _expired: WeakSet<HaClient>;
  readonly _pendingQueue: PendingItem[];
  newClient(place: PendingItem): void;
  _remove(client: HaClient): void;
  _pulseQueue(): void;
}

/** A place in pg-pool's queue. */
export interface PendingItem {
  callback(error: Error | undefined, client: PoolClient | undefined, release: PoolClient['release']): void;
  /** ours: a statement that may share a connection waits here */
  shares?: boolean;
  /** ours: who waits here for a connection to come back */
  request?: LeaseRequest;
  /** ours: what its end is for, once a connection is dialled for whoever waits here */
  dialled?: Checkout;
}

export function poolInternals(pool: Pool): PoolInternals {
  return pool as unknown as PoolInternals;
}

/**
 * A connection that is gone takes no place in the pool, whoever still holds it: some libraries never give back what broke
 * under their BEGIN. pg-pool removes idle ones itself, and is content to be given this one back later.
 */
export function forget(pool: Pool, client: ClientBase): void {
  const inner = poolInternals(pool);
  if (inner._idle.some((item) => item.client === client)) return;
  inner._clients = inner._clients.filter((other) => other !== client);
  inner._pulseQueue();
}

/**
 * What pg-pool leaves when it ends: it forgets who is queued, who would wait for ever, and waits for dials that nobody wants
 * any more.
 */
export function endWaiting(pool: Pool): void {
  for (const waiter of poolInternals(pool)._pendingQueue.splice(0))
    waiter.callback(poolEnded(), undefined, () => undefined);
  for (const client of poolInternals(pool)._clients) client.abandonDial(poolEnded());
}

/** Whether nothing is idle and there is room, also where that is held by dials which are not done. */
export function hasRoomForDial(pool: Pool): boolean {
  const { _clients, _idle } = poolInternals(pool);
  const standing = _clients.filter((client) => internals(client)._connected);
  return _idle.length === 0 && standing.length < pool.options.max;
}
