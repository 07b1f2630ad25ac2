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
      const leads = leadership.at === 'following' && endpointKey(leadership.primary.endpoint) === key;
      if (!leads) throw refused(identity, topology, key);
      const { epoch } = leadership.primary;
      if (identity.timeline !== undefined && epoch !== undefined && identity.timeline < epoch)
        throw refusal('HA_STALE_PRIMARY', key, `writes timeline ${identity.timeline}, ${epoch} has begun`);
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

/** Why the server that answered is not the primary we follow. */
function refused(identity: Identity, topology: Topology, key: string): HaError {
  if (identity.role === 'replica') return refusal('HA_NOT_PRIMARY', key, 'is a standby');
  const { clusterId } = topology;
  if (clusterId !== undefined && identity.systemId !== undefined && identity.systemId !== clusterId) {
    return refusal('HA_WRONG_CLUSTER', key, `belongs to cluster ${identity.systemId}, ours is ${clusterId}`);
  }
  const reason = topology.members.get(key)?.reason ?? 'another member leads';
  return refusal('HA_STALE_PRIMARY', key, `says it is primary, but ${reason}`);
}

/** A server that must not be used. Nothing had been sent. */
export function refusal(code: HaCode, key: string, why: string): HaError {
  return new HaError(code, `${key} ${why}`, { outcome: 'notSent', member: key });
}
