import type { Endpoint } from '@steadfast/shared';
import type { Identity } from '../dial/identity.ts';
import type { QuestionBounds } from '../dial/question-bounds.ts';

/**
 * Puts a prober's question on a connection that serves work when the answer is the one hoped for: where calls wait, the login
 * that finds the primary is not made a second time.
 */
export interface Scout {
  /** calls wait for a connection, and this would be their first */
  readonly wanted: boolean;
  /** a primary is searched for, so that calls may come to wait for it */
  readonly eager: boolean;
  /** Settles within `bounds`. A connection that `stays` is asked again, should its member be a standby. */
  ask(endpoint: Endpoint, bounds: QuestionBounds, stays: boolean): Promise<Identity>;
  /** Asks whoever has answered last there, on the same connection; undefined where none stands. */
  recall(endpoint: Endpoint, bounds: QuestionBounds): Promise<Identity> | undefined;
  /** No search is on: connections kept for the next question are closed. */
  rest(): void;
}
