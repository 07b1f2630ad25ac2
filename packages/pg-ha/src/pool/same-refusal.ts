import type { PoolClient } from 'pg';
import { endpointKey } from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';
import { sqlstateOf } from '../errors/sqlstate.ts';

/** How often one and the same primary may say that it is read-only before it is believed. */
const BELIEVED_AFTER = 3;

/**
 * Tells a server that has become a standby from a primary that is read-only to us (`default_transaction_read_only`, a
 * read-only transaction): both say 25006, but only the second goes on saying it after it has been confirmed as primary.
 */
export class SameRefusal {
  #where: string | undefined;
  #count = 0;

  /** Notes a failed attempt; true where repeating it is in vain. */
  isFinal(client: PoolClient, error: Error): boolean {
    if (sqlstateOf(error) !== '25006') return false;
    const { endpoint } = client as unknown as HaClient;
    const where = endpoint && endpointKey(endpoint);
    this.#count = where === this.#where ? this.#count + 1 : 1;
    this.#where = where;
    return this.#count >= BELIEVED_AFTER;
  }
}
