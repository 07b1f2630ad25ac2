import type { Clock, DialPacer, Monitor, Observation } from '@steadfast/shared';
import type { Endpoint } from '@steadfast/shared';
import type { Identity } from './identity.ts';

/** What every connection of one pool shares. */
export interface DialContext {
  readonly monitor: Monitor;
  readonly pacer: DialPacer;
  readonly clock: Clock;
  readonly dialTimeoutMs: number;
  /** how an answer about a member's role becomes an observation, by strategy */
  readonly observe: (endpoint: Endpoint, identity: Identity, at: number) => Observation;
  readonly who: { user: string; database: string; trust: string };
}
