import type { Endpoint } from '@steadfast/shared';
import type { Identity } from '../dial/identity.ts';

/**
 * Puts a prober's question on a connection that serves work when the answer is the one hoped for. Behind a route each question
 * is a whole login; where calls wait, the one that finds the primary is not made a second time.
 */
export interface Scout {
  /** calls wait for a connection, and this would be their first */
  readonly wanted: boolean;
  /** Settles within `timeoutMs`. */
  ask(endpoint: Endpoint, timeoutMs: number): Promise<Identity>;
}
