import { endpointKey, HaError, pick, type HaCode, type Seat, type Topology } from '@steadfast/shared';
import type { DialTarget } from './dial-target.ts';
import type { Identity, Observe } from './identity.ts';

/** Connections to whoever is primary: each server is let in only if its own answer leaves it the primary that is followed. */
export function primaryTarget(monitor: Seat, observe: Observe): DialTarget {
  return {
    choose(topology) {
      const choice = pick(topology);
      if (choice.at === 'member') return choice.member.endpoint;
      throw new HaError('HA_NO_PRIMARY', `no primary: ${choice.why}`, { outcome: 'notSent' });
    },
    admit(endpoint, identity, at) {
      monitor.report(observe(endpoint, identity, at));
      const { topology } = monitor;
      const { leadership } = topology;
      const key = endpointKey(endpoint);
      // Several servers may stand behind one address: what is known of it can be a younger answer than this one, and another's.
      if (identity.role === 'replica') throw refusal('HA_NOT_PRIMARY', key, 'is a standby');
      refuseForeign(key, identity, topology);
      if (leadership.at !== 'following' || endpointKey(leadership.primary.endpoint) !== key) {
        const reason = topology.members.get(key)?.reason ?? 'another member leads';
        throw refusal('HA_STALE_PRIMARY', key, `says it is primary, but ${reason}`);
      }
      refuseOutdated(key, identity, topology);
      return { role: 'primary', generation: topology.generation };
    },
    stillWants(endpoint, { leadership }) {
      return (
        leadership.at !== 'following' || endpointKey(leadership.primary.endpoint) === endpointKey(endpoint)
      );
    },
    outdates: (admission, topology) => admission.generation < topology.generation,
    suspect: (_endpoint, reason) => monitor.suspect(reason),
  };
}

/** @throws HaError HA_WRONG_CLUSTER where the server says that it belongs to another cluster */
export function refuseForeign(key: string, { systemId }: Identity, { clusterId }: Topology): void {
  if (clusterId !== undefined && systemId !== undefined && systemId !== clusterId)
    throw refusal('HA_WRONG_CLUSTER', key, `belongs to cluster ${systemId}, ours is ${clusterId}`);
}

/** @throws HaError HA_STALE_PRIMARY where a younger timeline than the server writes is known */
export function refuseOutdated(key: string, { timeline }: Identity, { epoch }: Topology): void {
  if (timeline !== undefined && epoch !== undefined && timeline < epoch)
    throw refusal('HA_STALE_PRIMARY', key, `writes timeline ${timeline}, ${epoch} has begun`);
}

/** A server that must not be used. Nothing had been sent. */
export function refusal(code: HaCode, key: string, why: string): HaError {
  return new HaError(code, `${key} ${why}`, { outcome: 'notSent', member: key });
}
