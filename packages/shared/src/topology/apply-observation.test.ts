import { describe, expect, it } from 'vitest';
import { applyObservation } from './apply-observation.ts';
import type { Endpoint } from './endpoint.ts';
import type { Observation } from './observation.ts';
import { emptyTopology, primaryOf, type EpochRule, type Topology } from './topology.ts';

const A: Endpoint = { host: 'a', port: 5432 };
const B: Endpoint = { host: 'b', port: 5432 };

/** Observations are numbered by the order they are asked in: `at` = position, unless given. */
function after(rule: EpochRule, ...observations: Distribute<Observation>[]): Topology {
  let topology = emptyTopology(rule, [A, B], 0);
  observations.forEach((observation, index) => {
    topology = applyObservation(topology, { at: index + 1, ...observation });
  });
  return topology;
}
type Distribute<O> = O extends Observation ? Omit<O, 'at'> & { at?: number } : never;

const claims = (endpoint: Endpoint, epoch?: number, at?: number): Distribute<Observation> => ({
  kind: 'self',
  endpoint,
  role: 'primary',
  ...(epoch === undefined ? {} : { epoch }),
  ...(at === undefined ? {} : { at }),
});
const standby = (endpoint: Endpoint): Distribute<Observation> => ({
  kind: 'self',
  endpoint,
  role: 'replica',
});
const lost = (endpoint: Endpoint): Distribute<Observation> => ({
  kind: 'unreachable',
  endpoint,
  reason: 'refused',
});
const named = (endpoint: Endpoint, epoch?: number): Distribute<Observation> => ({
  kind: 'nomination',
  endpoint,
  source: 'test',
  ...(epoch === undefined ? {} : { epoch }),
});
const withdrawn = (endpoint: Endpoint, epoch: number, back: number): Distribute<Observation> => ({
  kind: 'withdrawal',
  endpoint,
  epoch,
  back,
  source: 'test',
});

interface Row {
  name: string;
  rule: EpochRule;
  given: Distribute<Observation>[];
  /** host of the primary, or undefined while searching */
  primary: string | undefined;
  generation: number;
}

const rows: Row[] = [
  { name: 'a first claim is followed', rule: 'self', given: [claims(A, 1)], primary: 'a', generation: 1 },
  {
    name: 'the same claim again changes no generation',
    rule: 'self',
    given: [claims(A, 1), claims(A, 1)],
    primary: 'a',
    generation: 1,
  },
  {
    name: 'a higher epoch elsewhere takes over at once',
    rule: 'self',
    given: [claims(A, 1), claims(B, 2)],
    primary: 'b',
    generation: 2,
  },
  {
    name: 'a lower epoch is refused',
    rule: 'self',
    given: [claims(B, 2), claims(A, 1)],
    primary: 'b',
    generation: 1,
  },
  {
    name: 'a lower epoch is refused even when the newer primary is gone',
    rule: 'self',
    given: [claims(B, 2), lost(B), claims(A, 1)],
    primary: undefined,
    generation: 1,
  },
  {
    name: 'a second primary of the same epoch is not followed',
    rule: 'self',
    given: [claims(A, 1), claims(B, 1)],
    primary: 'a',
    generation: 1,
  },
  {
    name: 'a demoted primary is left',
    rule: 'self',
    given: [claims(A, 1), standby(A)],
    primary: undefined,
    generation: 1,
  },
  {
    name: 'a replica that says so changes nothing',
    rule: 'self',
    given: [claims(A, 1), standby(B)],
    primary: 'a',
    generation: 1,
  },
  {
    name: 'a lost primary is left',
    rule: 'self',
    given: [claims(A, 1), lost(A)],
    primary: undefined,
    generation: 1,
  },
  {
    name: 'the same primary found again keeps its generation, so its good connections live on',
    rule: 'self',
    given: [claims(A, 1), lost(A), claims(A, 1)],
    primary: 'a',
    generation: 1,
  },
  {
    name: 'the same member promoted again is a new generation',
    rule: 'self',
    given: [claims(A, 1), standby(A), claims(A, 3)],
    primary: 'a',
    generation: 2,
  },
  {
    name: 'a nomination alone makes no primary',
    rule: 'self',
    given: [named(A)],
    primary: undefined,
    generation: 0,
  },
  {
    name: 'a nomination does not depose one either',
    rule: 'self',
    given: [claims(A, 1), named(B)],
    primary: 'a',
    generation: 1,
  },
  {
    name: 'an answer older than what is known is ignored',
    rule: 'self',
    given: [claims(A, 1, 10), standby(A), { kind: 'unreachable', endpoint: A, reason: 'late', at: 9 }],
    primary: 'a',
    generation: 1,
  },
  {
    name: 'two routes to one primary agree',
    rule: 'route',
    given: [claims(A, 1), claims(B, 1)],
    primary: 'a',
    generation: 1,
  },
  {
    name: 'the second route serves when the first is gone',
    rule: 'route',
    given: [claims(A, 1), claims(B, 1), lost(A), claims(B, 1)],
    primary: 'b',
    generation: 2,
  },
  {
    name: 'a route to an old primary is refused',
    rule: 'route',
    given: [claims(A, 2), claims(B, 1)],
    primary: 'a',
    generation: 1,
  },
  {
    name: 'an unnominated master is not followed',
    rule: 'nominated',
    given: [claims(A)],
    primary: undefined,
    generation: 0,
  },
  {
    name: 'a nominated master is',
    rule: 'nominated',
    given: [named(A, 1), claims(A)],
    primary: 'a',
    generation: 1,
  },
  {
    name: 'a higher config-epoch fences the old master before the new one has answered',
    rule: 'nominated',
    given: [named(A, 1), claims(A), named(B, 2)],
    primary: undefined,
    generation: 1,
  },
  {
    name: 'and the old master’s own word does not bring it back',
    rule: 'nominated',
    given: [named(A, 1), claims(A), named(B, 2), claims(A)],
    primary: undefined,
    generation: 1,
  },
  {
    name: 'the new one is followed when it says master itself',
    rule: 'nominated',
    given: [named(A, 1), claims(A), named(B, 2), claims(B)],
    primary: 'b',
    generation: 2,
  },
  {
    name: 'a minority’s older nomination is ignored',
    rule: 'nominated',
    given: [named(B, 2), claims(B), named(A, 1)],
    primary: 'b',
    generation: 1,
  },
  {
    name: 'another name under the same epoch does not depose who proved itself',
    rule: 'nominated',
    given: [named(A, 1), claims(A), named(B, 1)],
    primary: 'a',
    generation: 1,
  },
  {
    name: 'a nomination that is withdrawn leaves the epoch before it to be followed again',
    rule: 'nominated',
    given: [named(A, 1), claims(A), named(B, 2), claims(B), withdrawn(B, 2, 1), named(A, 1), claims(A)],
    primary: 'a',
    generation: 3,
  },
  {
    name: 'who was followed by a withdrawn nomination is followed no more',
    rule: 'nominated',
    given: [named(A, 1), claims(A), named(B, 2), claims(B), withdrawn(B, 2, 1), claims(B)],
    primary: undefined,
    generation: 2,
  },
  {
    name: 'the withdrawal of anything but the nomination there is changes nothing',
    rule: 'nominated',
    given: [named(A, 1), claims(A), named(B, 3), claims(B), withdrawn(B, 2, 1), withdrawn(A, 3, 1)],
    primary: 'b',
    generation: 2,
  },
];

describe('applyObservation', () => {
  for (const { name, rule, given, primary, generation } of rows) {
    it(name, () => {
      const topology = after(rule, ...given);
      expect(primaryOf(topology)?.endpoint.host).toBe(primary);
      expect(topology.generation).toBe(generation);
    });
  }

  it('refuses a primary of another cluster', () => {
    const topology = after(
      'self',
      { kind: 'self', endpoint: A, role: 'primary', epoch: 1, clusterId: 'ours' },
      { kind: 'self', endpoint: B, role: 'primary', epoch: 9, clusterId: 'theirs' },
    );
    expect(primaryOf(topology)?.endpoint).toEqual(A);
    expect(topology.members.get('b:5432')?.reason).toContain('another cluster');
    expect(topology.epoch).toBe(1);
  });

  it('forgets members that are no longer listed, but never seeds', () => {
    const C = { host: 'c', port: 1 };
    const listed = after('self', { kind: 'listing', endpoints: [C], source: 'test' });
    expect([...listed.members.keys()]).toEqual(['a:5432', 'b:5432', 'c:1']);
    const gone = applyObservation(listed, { kind: 'listing', endpoints: [A], source: 'test', at: 2 });
    expect([...gone.members.keys()]).toEqual(['a:5432', 'b:5432']);
  });

  it('returns the very same object where nothing changes', () => {
    const topology = after('self', lost(A));
    expect(applyObservation(topology, { kind: 'unreachable', endpoint: A, reason: 'refused', at: 0 })).toBe(
      topology,
    );
    const nominated = after('self', named(B, 2));
    expect(applyObservation(nominated, { ...named(B, 2), at: 2 } as Observation)).toBe(nominated);
  });

  it('believes no answer that is older than the newest failure, though that was like the one before', () => {
    const failed = [1, 9].map((at) => ({ ...lost(A), reason: 'refused', at }));
    const topology = failed.reduce(applyObservation, after('self'));
    const late = { kind: 'self', endpoint: A, role: 'primary', epoch: 1, at: 5 } as const;
    expect(applyObservation(topology, late)).toBe(topology);
  });

  it('believes the later of two answers that were asked for in the same moment', () => {
    const topology = after('self', claims(A, 1, 5), { ...lost(A), at: 5 });
    expect(primaryOf(topology)).toBeUndefined();
  });

  it('keeps what it knows of members that are listed again', () => {
    const C: Endpoint = { host: 'c', port: 5432 };
    const listed: Distribute<Observation> = { kind: 'listing', endpoints: [A, B, C], source: 'test' };
    const topology = after('self', listed, standby(C), listed);
    expect(topology.members.get('c:5432')?.role).toBe('replica');
  });

  it('bounds the number of members', () => {
    const endpoints = Array.from({ length: 1000 }, (_, index) => ({ host: `h${index}`, port: 1 }));
    expect(after('self', { kind: 'listing', endpoints, source: 'test' }).members.size).toBe(64);
  });
});
