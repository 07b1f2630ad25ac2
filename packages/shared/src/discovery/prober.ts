import type { QuestionSigns } from '../policy/question-signs.ts';
import type { Endpoint } from '../topology/endpoint.ts';
import type { Observation } from '../topology/observation.ts';

/** Asks a member for its own role. Its answer is the only thing that makes a primary. */
export interface Prober {
  /**
   * Resolves with a `self` or an `unreachable` observation, within `timeoutMs`; where nothing at all has been heard of the
   * member, within `patienceMs` already; within `letInMs` once the member has taken its connection, where that is given. Gives
   * `signs` of what happens before, where it can tell.
   * @throws where asking elsewhere would hide the cause: refused credentials, a wrong certificate
   */
  probe(
    endpoint: Endpoint,
    timeoutMs: number,
    patienceMs?: number,
    signs?: QuestionSigns,
    letInMs?: number,
  ): Promise<Observation>;
  /**
   * Asks whom a route led to at the last question, over the connection of that question; undefined where it is gone. The server
   * may have been promoted since, and a login takes longer than this.
   */
  recall?(endpoint: Endpoint, timeoutMs: number): Promise<Observation | undefined>;
  /** No search is on: connections kept open for quick answers may go. Questions that are under way must still be answered. */
  rest(): void;
  close(): Promise<void> | void;
}
