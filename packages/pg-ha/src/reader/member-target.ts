import { endpointKey, primaryOf, type Endpoint, type Seat } from '@steadfast/shared';
import type { DialTarget } from '../dial/dial-target.ts';
import type { Observe } from '../dial/identity.ts';
import { refusal, refuseForeign, refuseOutdated } from '../dial/primary-target.ts';

export interface MemberTargetOptions {
  endpoint: Endpoint;
  monitor: Seat;
  /** absent where the endpoint is no member (HAProxy's replica port): what answers there says nothing about the topology */
  observe: Observe | undefined;
  /** the primary may answer too */
  primaryToo: boolean;
  suspect: (endpoint: Endpoint) => void;
}

/** Connections to one member, for reads: whatever its role, but never to a primary that has been replaced. */
export function memberTarget({
  endpoint,
  monitor,
  observe,
  primaryToo,
  suspect,
}: MemberTargetOptions): DialTarget {
  const key = endpointKey(endpoint);
  return {
    choose: () => endpoint,
    admit(_endpoint, identity, at) {
      if (observe && monitor.topology.members.get(key)?.role !== identity.role)
        monitor.report(observe(endpoint, identity, at));
      const { topology } = monitor;
      const { role } = identity;
      refuseForeign(key, identity, topology);
      if (role === 'primary' && !primaryToo) throw refusal('HA_NO_REPLICA', key, 'is the primary');
      if (role === 'primary') refuseOutdated(key, identity, topology);
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
