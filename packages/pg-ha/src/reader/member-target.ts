import { endpointKey, primaryOf, whyForeign, whyOutdated, type Endpoint, type Seat } from '@steadfast/shared';
import type { DialTarget } from '../dial/dial-target.ts';
import type { Observe } from '../dial/identity.ts';
import { refusal } from '../dial/primary-target.ts';

export interface MemberTargetOptions {
  endpoint: Endpoint;
  monitor: Seat;
  /** absent where the endpoint is no member (HAProxy's replica port): what answers there says nothing about the topology */
  observe: Observe | undefined;
  /** the primary may answer */
  primaryToo: boolean;
  /** a standby may: not behind the address of the primary, since nobody knows how far the one is that is reached there */
  standbyToo: boolean;
  suspect: (endpoint: Endpoint) => void;
}

/** Connections to one member, for reads: of any role that may answer, but never to a primary that has been replaced. */
export function memberTarget({
  endpoint,
  monitor,
  observe,
  primaryToo,
  standbyToo,
  suspect,
}: MemberTargetOptions): DialTarget {
  const key = endpointKey(endpoint);
  return {
    choose: () => endpoint,
    admit(_endpoint, identity, at) {
      if (observe && monitor.topology.members.get(key)?.role !== identity.role)
        monitor.report(observe(endpoint, identity, at));
      const { topology } = monitor;
      const { role, systemId: clusterId, timeline: epoch } = identity;
      const foreign = whyForeign(topology, { clusterId });
      if (foreign) throw refusal(key, foreign);
      if (role === 'primary' && !primaryToo)
        throw refusal(key, { code: 'HA_NO_REPLICA', why: 'is the primary' });
      if (role === 'replica' && !standbyToo)
        throw refusal(key, { code: 'HA_NOT_PRIMARY', why: 'is a standby' });
      const outdated = role === 'primary' ? whyOutdated(topology, { epoch }) : undefined;
      if (outdated) throw refusal(key, outdated);
      return { role, generation: topology.generation };
    },
    stillWants: () => true,
    // A standby stays what it is when another member is promoted; so do its sessions when it is promoted itself.
    outdates: (admission, topology) =>
      admission.role === 'primary' && admission.generation < topology.generation,
    suspect(at, reason) {
      suspect(at);
      const primary = primaryOf(monitor.topology);
      if (primary && endpointKey(primary.endpoint) === key) monitor.suspect(reason);
    },
  };
}
