import type { Instant } from '../runtime/clock.ts';
import type { Endpoint } from './endpoint.ts';

/** What a member is, as far as we know. */
export type Role = 'primary' | 'replica' | 'unknown';

/** The cluster's own order of primaries: PostgreSQL's timeline, Sentinel's config-epoch. Higher is newer. */
export type Epoch = number;

/** One server of the cluster. Immutable. */
export interface Member {
  readonly endpoint: Endpoint;
  readonly role: Role;
  readonly epoch?: Epoch | undefined;
  /** when the last answer about it was asked for; -Infinity for one that is only listed */
  readonly observedAt: Instant;
  /** why the role is `unknown`, where there is a reason */
  readonly reason?: string | undefined;
}
