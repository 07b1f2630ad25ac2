import type { Instant } from '../runtime/clock.ts';
import { endpointKey, sameEndpoint, type Endpoint } from './endpoint.ts';
import type { Epoch, Member } from './member.ts';

/**
 * Where the epoch of a primary comes from.
 * - `self`: the member's own answer carries it (PostgreSQL's timeline).
 * - `route`: as `self`, but endpoints are routes (HAProxy) to whichever member is primary: two of them with the same epoch agree.
 * - `nominated`: the control plane gives it (Sentinel's config-epoch), and only the nominated member is followed.
 */
export type EpochRule = 'self' | 'route' | 'nominated';

export interface Primary extends Member {
  readonly role: 'primary';
}

/** Who leads, as far as we know. */
export type Leadership =
  | { readonly at: 'following'; readonly primary: Primary }
  | { readonly at: 'searching'; readonly since: Instant; readonly last?: Primary | undefined };

/** An immutable snapshot of what is known about one cluster. */
export interface Topology {
  readonly rule: EpochRule;
  readonly leadership: Leadership;
  readonly members: ReadonlyMap<string, Member>;
  /** endpoints that configuration named: never forgotten */
  readonly seeds: ReadonlySet<string>;
  /** who the control plane names, and under which epoch */
  readonly nominee?: { readonly endpoint: Endpoint; readonly epoch?: Epoch | undefined } | undefined;
  /** the highest epoch seen; nothing below it is ever followed again */
  readonly epoch?: Epoch | undefined;
  readonly clusterId?: string | undefined;
  /** ours: raised at every change of primary and stamped on connections; 0 before the first */
  readonly generation: number;
}

/** More members than any cluster has; what a confused control plane lists beyond it is left out. */
export const MAX_MEMBERS = 64;

export function emptyTopology(rule: EpochRule, seeds: readonly Endpoint[], at: Instant): Topology {
  const members = new Map<string, Member>();
  for (const endpoint of seeds.slice(0, MAX_MEMBERS)) {
    members.set(endpointKey(endpoint), { endpoint, role: 'unknown', observedAt: -Infinity });
  }
  return {
    rule,
    leadership: { at: 'searching', since: at },
    members,
    seeds: new Set(members.keys()),
    generation: 0,
  };
}

/** The primary that is being followed, or undefined while there is none. */
export function primaryOf(topology: Topology): Primary | undefined {
  return topology.leadership.at === 'following' ? topology.leadership.primary : undefined;
}

/** False while the control plane names somebody else: a change is in the air. */
export function isNominee({ nominee }: Topology, primary: Primary): boolean {
  return !nominee || sameEndpoint(nominee.endpoint, primary.endpoint);
}

/** Whether anything that a listener could act on has changed; that a member was seen again is no news. */
export function differs(a: Topology, b: Topology): boolean {
  return (
    a.generation !== b.generation ||
    a.leadership.at !== b.leadership.at ||
    a.members.size !== b.members.size ||
    [...b.members].some(([key, member]) => a.members.get(key)?.role !== member.role)
  );
}
