import { endpointKey, HaError, pick, whyNotPrimary, type HaCode, type Seat } from '@steadfast/shared';
import type { DialTarget } from './dial-target.ts';
import type { Observe } from './identity.ts';

/** Connections to whoever is primary: each server is let in only if its own answer leaves it the primary that is followed. */
export function primaryTarget(monitor: Seat, observe: Observe): DialTarget {
  return {
    choose(topology) {
      const choice = pick(topology);
      if (choice.at === 'member') return choice.member.endpoint;
      throw new HaError('HA_NO_PRIMARY', `no primary: ${choice.why}`, { outcome: 'notSent' });
    },
    admit(endpoint, identity, at) {
      const self = observe(endpoint, identity, at);
      monitor.report(self);
      const { topology } = monitor;
      const why = whyNotPrimary(topology, self);
      if (why) throw refusal(endpointKey(endpoint), why);
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

/** A server that must not be used. Nothing had been sent. */
export function refusal(key: string, { code, why }: { code: HaCode; why: string }): HaError {
  return new HaError(code, `${key} ${why}`, { outcome: 'notSent', member: key });
}
