import { describe, expect, it } from 'vitest';
import { applyObservation } from './apply-observation.ts';
import type { Endpoint } from './endpoint.ts';
import type { Observation } from './observation.ts';
import { emptyTopology, MAX_MEMBERS, primaryOf, type EpochRule, type Topology } from './topology.ts';

const A: Endpoint = { host: 'a', port: 1 };
const B: Endpoint = { host: 'b', port: 1 };
const C: Endpoint = { host: 'c', port: 1 };

/** Seeds a and b; the observations are asked one after the other. */
function known(rule: EpochRule, ...observations: ((at: number) => Observation)[]): Topology {
  return observations.reduce(
    (topology, observation, index) => applyObservation(topology, observation(index + 1)),
    emptyTopology(rule, [A, B], 0),
  );
}

type Said = (at: number) => Observation;
const claims =
  (endpoint: Endpoint, epoch?: number, clusterId?: string): Said =>
  (at) => ({ kind: 'self', endpoint, role: 'primary', epoch, clusterId, at });
const standby =
  (endpoint: Endpoint, epoch?: number): Said =>
  (at) => ({ kind: 'self', endpoint, role: 'replica', epoch, at });
const lost =
  (endpoint: Endpoint, reason = 'refused'): Said =>
  (at) => ({ kind: 'unreachable', endpoint, reason, at });
const named =
  (endpoint: Endpoint, epoch?: number): Said =>
  (at) => ({ kind: 'nomination', endpoint, epoch, source: 'test', at });
const listed =
  (...endpoints: Endpoint[]): Said =>
  (at) => ({ kind: 'listing', endpoints, source: 'test', at });
const withdrawn =
  (endpoint: Endpoint, epoch: number, back?: number): Said =>
  (at) => ({ kind: 'withdrawal', endpoint, epoch, back, source: 'test', at });

interface Row {
  name: string;
  rule: EpochRule;
  given: Said[];
  /** of a member: role, epoch, and why it is unknown, where it is */
  member: [host: string, role: string, epoch: number | undefined, reason: string | undefined];
}

const rows: Row[] = [
  {
    name: 'one that is listed alone',
    rule: 'self',
    given: [listed(C)],
    member: ['c', 'unknown', undefined, undefined],
  },
  {
    name: 'one that is named alone',
    rule: 'self',
    given: [named(C)],
    member: ['c', 'unknown', undefined, undefined],
  },
  { name: 'one that claims', rule: 'self', given: [claims(A, 3)], member: ['a', 'primary', 3, undefined] },
  { name: 'a standby', rule: 'self', given: [standby(A, 3)], member: ['a', 'replica', 3, undefined] },
  {
    name: 'one that is gone keeps its epoch',
    rule: 'self',
    given: [claims(A, 3), lost(A)],
    member: ['a', 'unknown', 3, 'refused'],
  },
  {
    name: 'one that nobody has listed and nobody reaches',
    rule: 'self',
    given: [lost(C)],
    member: ['c', 'unknown', undefined, 'refused'],
  },
  {
    name: 'gone for another reason',
    rule: 'self',
    given: [lost(A), lost(A, 'late')],
    member: ['a', 'unknown', undefined, 'late'],
  },
  {
    name: 'the primary of before',
    rule: 'self',
    given: [claims(A, 1), claims(B, 2)],
    member: ['a', 'unknown', 1, 'replaced'],
  },
  {
    name: 'the primary of before, which has said since that it is a standby',
    rule: 'self',
    given: [claims(A, 1), standby(A, 1), claims(B, 2)],
    member: ['a', 'replica', 1, undefined],
  },
  {
    name: 'a claim of an older epoch',
    rule: 'self',
    given: [claims(A, 2), claims(B, 1)],
    member: ['b', 'unknown', undefined, 'its epoch 1 is older than 2'],
  },
  {
    name: 'a second claim of the same epoch',
    rule: 'self',
    given: [claims(A, 2), claims(B, 2)],
    member: ['b', 'unknown', undefined, 'a:1 is primary with the same epoch'],
  },
  {
    name: 'a second claim without any epoch',
    rule: 'self',
    given: [claims(A), claims(B)],
    member: ['b', 'unknown', undefined, 'a:1 is primary with the same epoch'],
  },
  {
    name: 'a second way to the primary, kept in reserve',
    rule: 'route',
    given: [claims(A, 2), claims(B, 2)],
    member: ['b', 'primary', 2, undefined],
  },
  {
    name: 'a master that nobody has named',
    rule: 'nominated',
    given: [claims(A)],
    member: ['a', 'unknown', undefined, 'nobody has nominated it'],
  },
  {
    name: 'a master beside the one that is named',
    rule: 'nominated',
    given: [named(A, 1), claims(B)],
    member: ['b', 'unknown', undefined, 'a:1 is nominated'],
  },
  {
    name: 'a master that is followed has the epoch of its nomination',
    rule: 'nominated',
    given: [named(A, 7), claims(A)],
    member: ['a', 'primary', 7, undefined],
  },
  {
    name: 'a master that is fenced',
    rule: 'nominated',
    given: [named(A, 1), claims(A), named(B, 2)],
    member: ['a', 'unknown', 1, 'epoch 2 has begun'],
  },
  {
    name: 'one whose nomination was taken back',
    rule: 'nominated',
    given: [named(A, 1), claims(A), withdrawn(A, 1)],
    member: ['a', 'unknown', undefined, 'its promotion was taken back'],
  },
];

describe('what is known of a member', () => {
  it.each(rows)('$name', ({ rule, given, member: [host, ...expected] }) => {
    const member = known(rule, ...given).members.get(`${host}:1`);
    expect(member?.endpoint).toEqual({ host, port: 1 });
    expect([member?.role, member?.epoch, member?.reason]).toEqual(expected);
  });

  it('is older than any answer where it is only listed', () => {
    expect(known('self', listed(C)).members.get('c:1')?.observedAt).toBe(-Infinity);
  });
});

describe('who leads', () => {
  const following: [name: string, rule: EpochRule, given: Said[], host: string, generation: number][] = [
    ['one with an epoch after one without', 'self', [claims(A), claims(B, 1)], 'b', 2],
    ['one that names its cluster again', 'self', [claims(A, 1, 'ours'), claims(A, 1, 'ours')], 'a', 1],
    ['one that may not be asked for its cluster', 'self', [claims(A, 1, 'ours'), claims(A, 1)], 'a', 1],
    [
      'the same master under a higher epoch, once it has said so',
      'nominated',
      [named(A, 1), claims(A), named(A, 2), claims(A)],
      'a',
      2,
    ],
    ['the same master that is named again', 'nominated', [named(A, 1), claims(A), named(A, 1)], 'a', 1],
  ];
  it.each(following)('%s', (_name, rule, given, host, generation) => {
    const topology = known(rule, ...given);
    expect([primaryOf(topology)?.endpoint.host, topology.generation]).toEqual([host, generation]);
  });

  const searching: [name: string, rule: EpochRule, given: Said[], since: number, last: string | undefined][] =
    [
      ['nobody at first', 'self', [], 0, undefined],
      ['nobody after a loss, and who it was is kept', 'self', [claims(A, 1), lost(A)], 2, 'a'],
      ['nobody once a higher epoch has begun', 'nominated', [named(A, 1), claims(A), named(B, 2)], 3, 'a'],
      [
        'nobody where the same master is named under a higher epoch',
        'nominated',
        [named(A, 1), claims(A), named(A, 2)],
        3,
        'a',
      ],
      ['nobody after a withdrawal', 'nominated', [named(A, 1), claims(A), withdrawn(A, 1)], 3, 'a'],
    ];
  it.each(searching)('%s', (_name, rule, given, since, last) => {
    const { leadership } = known(rule, ...given);
    expect(leadership).toMatchObject({ at: 'searching', since });
    expect(leadership.at === 'searching' && leadership.last?.endpoint.host).toBe(last);
    expect(primaryOf(known(rule, ...given))).toBeUndefined();
  });

  it('is named by nobody who gives no epoch, where that decides', () => {
    const { nominee, epoch } = known('nominated', named(A));
    expect([nominee, epoch]).toEqual([undefined, undefined]);
  });

  it('may be named anew under the epoch that counts again after a withdrawal', () => {
    const topology = known('nominated', named(A, 1), claims(A), named(B, 5), withdrawn(B, 5, 1));
    expect([topology.nominee, topology.epoch]).toEqual([undefined, 1]);
    expect(applyObservation(topology, named(A, 1)(9)).nominee).toEqual({ endpoint: A, epoch: 1 });
  });

  it('is named under the epoch that was said last', () => {
    expect(known('nominated', named(A, 1), named(A, 2)).nominee).toEqual({ endpoint: A, epoch: 2 });
  });
});

describe('a listing', () => {
  const hosts = (topology: Topology): string[] =>
    [...topology.members.values()].map(({ endpoint }) => endpoint.host);
  const D: Endpoint = { host: 'd', port: 1 };

  it('keeps whom it lists, and who is named or leads, and forgets the others', () => {
    const all = known('self', listed(C, D));
    expect(hosts(applyObservation(all, listed(D)(5)))).toEqual(['a', 'b', 'd']);
    expect(hosts(applyObservation(applyObservation(all, named(C)(4)), listed()(5)))).toEqual(['a', 'b', 'c']);
    expect(hosts(applyObservation(applyObservation(all, claims(D, 1)(4)), listed()(5)))).toEqual([
      'a',
      'b',
      'd',
    ]);
  });

  it('changes nothing of what is known, and not even the object where it lists nobody new', () => {
    const topology = known('self', claims(A, 1), standby(B, 1));
    expect(applyObservation(topology, listed(A, B)(5))).toBe(topology);
    expect(applyObservation(topology, listed(A, B, C)(5)).members.get('a:1')?.role).toBe('primary');
  });
});

describe('an empty topology', () => {
  it('has the seeds, of which nothing is known, and no more than there may be', () => {
    const seeds = Array.from({ length: 100 }, (_, index) => ({ host: `h${index}`, port: 1 }));
    const { members } = emptyTopology('self', seeds, 0);
    expect(members.size).toBe(MAX_MEMBERS);
    expect(members.get('h0:1')).toEqual({ endpoint: seeds[0], role: 'unknown', observedAt: -Infinity });
  });
});
