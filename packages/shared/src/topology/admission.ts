import { endpointKey } from './endpoint.ts';
import type { SelfObservation } from './observation.ts';
import { primaryOf, type Topology } from './topology.ts';

/** Why a server that answers gets no work. */
export interface Refusal {
  readonly code: 'HA_NOT_PRIMARY' | 'HA_WRONG_CLUSTER' | 'HA_STALE_PRIMARY';
  readonly why: string;
}

/**
 * Pure: why a connection whose server has said `self` must not be used as one to the primary; undefined where it may be. Several
 * servers can stand behind one address, and what is known of it may be a younger answer of another one: so the server's own
 * answer has to suit, and not only what is known once it has been reported.
 */
export function whyNotPrimary(topology: Topology, self: SelfObservation): Refusal | undefined {
  if (self.role === 'replica') return { code: 'HA_NOT_PRIMARY', why: 'is a standby' };
  const foreign = whyForeign(topology, self);
  if (foreign) return foreign;
  const key = endpointKey(self.endpoint);
  const primary = primaryOf(topology);
  if (primary && endpointKey(primary.endpoint) === key) return whyOutdated(topology, self);
  const reason = topology.members.get(key)?.reason ?? 'another member leads';
  return { code: 'HA_STALE_PRIMARY', why: `says it is primary, but ${reason}` };
}

/** Pure: that the server belongs to another cluster. */
export function whyForeign(
  { clusterId }: Topology,
  self: Pick<SelfObservation, 'clusterId'>,
): Refusal | undefined {
  if (clusterId === undefined || self.clusterId === undefined || self.clusterId === clusterId)
    return undefined;
  return { code: 'HA_WRONG_CLUSTER', why: `belongs to cluster ${self.clusterId}, ours is ${clusterId}` };
}

/** Pure: that a primary has been replaced. */
export function whyOutdated({ epoch }: Topology, self: Pick<SelfObservation, 'epoch'>): Refusal | undefined {
  if (epoch === undefined || self.epoch === undefined || self.epoch >= epoch) return undefined;
  return { code: 'HA_STALE_PRIMARY', why: `writes timeline ${self.epoch}, ${epoch} has begun` };
}
