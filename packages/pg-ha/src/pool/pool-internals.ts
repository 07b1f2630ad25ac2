import type { Pool } from 'pg';
import type { HaClient } from '../dial/ha-client.ts';

/**
 * The parts of pg-pool that are not in its types and that we read or call.
 * https://github.com/brianc/node-postgres/blob/master/packages/pg-pool/index.js
 */
export interface PoolInternals {
  readonly _clients: readonly HaClient[];
  readonly _idle: readonly { readonly client: HaClient }[];
  readonly _pendingQueue: { callback(error: Error, client: undefined, release: () => void): void }[];
  _remove(client: HaClient): void;
}

export function poolInternals(pool: Pool): PoolInternals {
  return pool as unknown as PoolInternals;
}
