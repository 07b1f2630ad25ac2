import type { Instant } from '../runtime/clock.ts';
import { endpointKey, sameEndpoint as same, type Endpoint } from './endpoint.ts';
import type { Epoch, Member, Role } from './member.ts';
import type { Observation } from './observation.ts';
import { MAX_MEMBERS, primaryOf, type Primary, type Topology } from './topology.ts';

/**
 * The only way a topology changes. Pure: the same topology and observation give the same next one; where nothing changes
 * the very same object comes back.
 */
export function applyObservation(topology: Topology, observation: Observation): Topology {
  switch (observation.kind) {
    case 'self':
      return applySelf(topology, observation);
    case 'unreachable':
      return isOlder(topology, observation) ? topology : lose(topology, observation, observation.reason);
    case 'nomination':
      return applyNomination(topology, observation);
    case 'listing':
      return applyListing(topology, observation);
    case 'withdrawal':
      return applyWithdrawal(topology, observation);
  }
}

type Of<K extends Observation['kind']> = Extract<Observation, { kind: K }>;

function applySelf(topology: Topology, observation: Of<'self'>): Topology {
  if (isOlder(topology, observation)) return topology;
  if (
    topology.clusterId !== undefined &&
    observation.clusterId !== undefined &&
    observation.clusterId !== topology.clusterId
  ) {
    return lose(topology, observation, `belongs to another cluster (${observation.clusterId})`);
  }
  if (observation.role === 'replica') return demote(topology, observation);
  return applyClaim(topology, observation);
}

/** A member says that it is the primary: decide whether to believe it. */
function applyClaim(topology: Topology, observation: Of<'self'>): Topology {
  const refusal = refuse(topology, observation);
  if (refusal !== undefined) return lose(topology, observation, refusal);
  const nominee = topology.nominee;
  const epoch = topology.rule === 'nominated' ? nominee?.epoch : (observation.epoch ?? topology.epoch);
  const current = primaryOf(topology);
  if (
    current &&
    topology.rule === 'route' &&
    !same(current.endpoint, observation.endpoint) &&
    !newer(epoch, current.epoch)
  ) {
    return putMember(topology, observation, 'primary', epoch); // another way to the same primary: kept in reserve
  }
  return follow(topology, observation, epoch);
}

/** Why a claim to be primary is not believed, or undefined. */
function refuse(topology: Topology, observation: Of<'self'>): string | undefined {
  const { endpoint, epoch } = observation;
  if (topology.rule === 'nominated') {
    if (!topology.nominee) return 'nobody has nominated it';
    if (!same(topology.nominee.endpoint, endpoint))
      return `${endpointKey(topology.nominee.endpoint)} is nominated`;
    return undefined;
  }
  if (epoch !== undefined && topology.epoch !== undefined && epoch < topology.epoch) {
    return `its epoch ${epoch} is older than ${topology.epoch}`;
  }
  if (topology.rule === 'route') return undefined;
  const current = primaryOf(topology);
  if (current && !same(current.endpoint, endpoint) && !newer(epoch, current.epoch)) {
    return `${endpointKey(current.endpoint)} is primary with the same epoch`;
  }
  return undefined;
}

function follow(topology: Topology, observation: Of<'self'>, epoch: Epoch | undefined): Topology {
  const before =
    topology.leadership.at === 'following' ? topology.leadership.primary : topology.leadership.last;
  const unchanged =
    before !== undefined && same(before.endpoint, observation.endpoint) && before.epoch === epoch;
  const primary: Primary = {
    endpoint: observation.endpoint,
    role: 'primary',
    epoch,
    observedAt: observation.at,
  };
  const members = new Map(topology.members);
  if (before && !same(before.endpoint, primary.endpoint)) {
    const old = members.get(endpointKey(before.endpoint));
    if (old?.role === 'primary')
      members.set(endpointKey(before.endpoint), { ...old, role: 'unknown', reason: 'replaced' });
  }
  members.set(endpointKey(primary.endpoint), primary);
  return {
    ...topology,
    members,
    leadership: { at: 'following', primary },
    epoch: higher(topology.epoch, epoch),
    clusterId: topology.clusterId ?? observation.clusterId,
    generation: topology.generation + (unchanged ? 0 : 1),
  };
}

/** A member says that it is a replica. */
function demote(topology: Topology, observation: Of<'self'>): Topology {
  return search(putMember(topology, observation, 'replica', observation.epoch), observation);
}

/** A member cannot be believed or cannot be asked: whatever it was, it is not our primary now. */
function lose(topology: Topology, about: { endpoint: Endpoint; at: Instant }, reason: string): Topology {
  const member = topology.members.get(endpointKey(about.endpoint));
  return search(putMember(topology, about, 'unknown', member?.epoch, reason), about);
}

/** Stops following `about.endpoint`, if it was the primary. */
function search(topology: Topology, about: { endpoint: Endpoint; at: Instant }): Topology {
  const current = primaryOf(topology);
  if (!current || !same(current.endpoint, about.endpoint)) return topology;
  return { ...topology, leadership: { at: 'searching', since: about.at, last: current } };
}

function applyNomination(topology: Topology, observation: Of<'nomination'>): Topology {
  const { endpoint, epoch, at } = observation;
  if (topology.rule !== 'nominated') return nominate(topology, observation);
  if (epoch === undefined || (topology.epoch !== undefined && epoch < topology.epoch)) return topology;
  const current = primaryOf(topology);
  const agrees = current !== undefined && same(current.endpoint, endpoint) && current.epoch === epoch;
  if (current && !agrees && epoch === topology.epoch) return topology; // two names under one epoch: the one that proved itself stays
  const next = { ...nominate(topology, observation), epoch };
  if (!current || agrees) return next;
  // The old primary is fenced at once; the new one is followed when it says itself that it is.
  const members = new Map(next.members);
  members.set(endpointKey(current.endpoint), {
    ...current,
    role: 'unknown',
    reason: `epoch ${epoch} has begun`,
    observedAt: at,
  });
  return { ...next, members, leadership: { at: 'searching', since: at, last: current } };
}

/** Whoever was followed under that epoch is followed no more, and the epoch before it can be nominated again. */
function applyWithdrawal(topology: Topology, observation: Of<'withdrawal'>): Topology {
  const { endpoint, epoch, back } = observation;
  const { nominee } = topology;
  if (!nominee || nominee.epoch !== epoch || !same(nominee.endpoint, endpoint)) return topology;
  const returned = { ...topology, nominee: undefined, epoch: back };
  return search(
    putMember(returned, observation, 'unknown', undefined, 'its promotion was taken back'),
    observation,
  );
}

function nominate(topology: Topology, observation: Of<'nomination'>): Topology {
  const { endpoint, epoch } = observation;
  const { nominee } = topology;
  if (nominee && same(nominee.endpoint, endpoint) && nominee.epoch === epoch) return topology;
  return { ...addMembers(topology, [endpoint]), nominee: { endpoint, epoch } };
}

/** Members that are no longer listed are forgotten, except seeds, the nominee and the primary. */
function applyListing(topology: Topology, observation: Of<'listing'>): Topology {
  const keep = new Set(topology.seeds);
  for (const endpoint of observation.endpoints) keep.add(endpointKey(endpoint));
  if (topology.nominee) keep.add(endpointKey(topology.nominee.endpoint));
  const current = primaryOf(topology);
  if (current) keep.add(endpointKey(current.endpoint));
  const gone = [...topology.members.keys()].filter((key) => !keep.has(key));
  const kept = gone.length === 0 ? topology : { ...topology, members: without(topology.members, gone) };
  return addMembers(kept, observation.endpoints);
}

function addMembers(topology: Topology, endpoints: readonly Endpoint[]): Topology {
  const fresh = endpoints.filter((endpoint) => !topology.members.has(endpointKey(endpoint)));
  if (fresh.length === 0) return topology;
  const members = new Map(topology.members);
  for (const endpoint of fresh) {
    if (members.size >= MAX_MEMBERS) break;
    members.set(endpointKey(endpoint), { endpoint, role: 'unknown', observedAt: -Infinity });
  }
  return { ...topology, members };
}

function putMember(
  topology: Topology,
  about: { endpoint: Endpoint; at: Instant },
  role: Role,
  epoch: Epoch | undefined,
  reason?: string,
): Topology {
  const members = new Map(topology.members);
  const member: Member = { endpoint: about.endpoint, role, epoch, observedAt: about.at, reason };
  members.set(endpointKey(about.endpoint), member);
  return { ...topology, members };
}

function isOlder(topology: Topology, observation: { endpoint: Endpoint; at: Instant }): boolean {
  const member = topology.members.get(endpointKey(observation.endpoint));
  return member !== undefined && observation.at < member.observedAt;
}

function newer(a: Epoch | undefined, b: Epoch | undefined): boolean {
  return a !== undefined && (b === undefined || a > b);
}

function higher(a: Epoch | undefined, b: Epoch | undefined): Epoch | undefined {
  return newer(a, b) ? a : b;
}

function without(members: ReadonlyMap<string, Member>, gone: readonly string[]): Map<string, Member> {
  const rest = new Map(members);
  for (const key of gone) rest.delete(key);
  return rest;
}
