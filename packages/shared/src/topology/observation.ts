import type { Instant } from '../runtime/clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { Epoch } from './member.ts';

/**
 * One source's dated claim. `at` is when the question was asked, so that a slow answer never overrules a newer one.
 * - `self`: a member said what it is. The only thing that makes a primary.
 * - `unreachable`: a member could not be asked.
 * - `nomination`: a control plane says who the primary is. A hint; where the epoch rule is `nominated` it also carries the epoch.
 * - `listing`: a control plane says which members there are.
 * - `withdrawal`: a nomination that was followed before the control plane had made it its own (under rule `nominated`) has
 *   come to nothing. The only thing that takes an epoch back, and only the one it names.
 */
export type Observation =
  | SelfObservation
  | {
      readonly kind: 'unreachable';
      readonly endpoint: Endpoint;
      readonly reason: string;
      readonly at: Instant;
    }
  | {
      readonly kind: 'nomination';
      readonly endpoint: Endpoint;
      readonly epoch?: Epoch | undefined;
      readonly source: string;
      readonly at: Instant;
    }
  | {
      readonly kind: 'listing';
      readonly endpoints: readonly Endpoint[];
      readonly source: string;
      readonly at: Instant;
    }
  | {
      readonly kind: 'withdrawal';
      readonly endpoint: Endpoint;
      readonly epoch: Epoch;
      /** the epoch that the control plane had confirmed before, which counts again */
      readonly back: Epoch | undefined;
      readonly source: string;
      readonly at: Instant;
    };

export interface SelfObservation {
  readonly kind: 'self';
  readonly endpoint: Endpoint;
  readonly role: 'primary' | 'replica';
  readonly epoch?: Epoch | undefined;
  /** identity of the whole cluster (PostgreSQL's system identifier), where it could be asked */
  readonly clusterId?: string | undefined;
  readonly at: Instant;
}
