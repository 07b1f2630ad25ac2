import { describe, expect, it } from 'vitest';
import { whyForeign, whyNotPrimary, whyOutdated } from './admission.ts';
import { applyObservation } from './apply-observation.ts';
import type { Endpoint } from './endpoint.ts';
import type { Observation, SelfObservation } from './observation.ts';
import { emptyTopology, type Topology } from './topology.ts';

const [a, b, c] = ['a', 'b', 'c'].map((host) => ({ host, port: 1 })) as [Endpoint, Endpoint, Endpoint];

function says(endpoint: Endpoint, rest: Partial<SelfObservation> = {}): SelfObservation {
  return { kind: 'self', endpoint, role: 'primary', at: 10, ...rest };
}

function after(...observations: Observation[]): Topology {
  return observations.reduce(applyObservation, emptyTopology('self', [a, b], 0));
}

/** a leads, under epoch 3 of cluster x. */
const led = after(says(a, { epoch: 3, clusterId: 'x' }));

describe('a connection to a server that has said who it is', () => {
  const rows: [
    says: string,
    topology: Topology,
    self: SelfObservation,
    refused: ReturnType<typeof whyNotPrimary>,
  ][] = [
    ['is good where it is the primary', led, says(a, { epoch: 3, clusterId: 'x' }), undefined],
    ['is good where it is the primary of a newer epoch', led, says(a, { epoch: 4 }), undefined],
    ['is good where neither epoch nor cluster is told', led, says(a), undefined],
    ['is good where neither is known', after(says(a)), says(a, { epoch: 1, clusterId: 'y' }), undefined],
    [
      'is refused where it is a standby, whatever else it is',
      led,
      says(a, { role: 'replica', clusterId: 'y' }),
      { code: 'HA_NOT_PRIMARY', why: 'is a standby' },
    ],
    [
      'is refused where it belongs to another cluster',
      led,
      says(a, { epoch: 3, clusterId: 'y' }),
      { code: 'HA_WRONG_CLUSTER', why: 'belongs to cluster y, ours is x' },
    ],
    [
      'is refused where another server answers in its place, of an older epoch',
      led,
      says(a, { epoch: 2 }),
      { code: 'HA_STALE_PRIMARY', why: 'writes timeline 2, 3 has begun' },
    ],
    [
      'is refused where another member leads',
      led,
      says(b, { epoch: 3 }),
      { code: 'HA_STALE_PRIMARY', why: 'says it is primary, but another member leads' },
    ],
    [
      'is refused where nobody is known to lead',
      after(),
      says(a),
      { code: 'HA_STALE_PRIMARY', why: 'says it is primary, but another member leads' },
    ],
    [
      'is refused where nobody has ever heard of it',
      led,
      says(c, { epoch: 4 }),
      { code: 'HA_STALE_PRIMARY', why: 'says it is primary, but another member leads' },
    ],
    [
      'is refused with the reason for which it is not followed, where there is one',
      after(says(a, { epoch: 3 }), says(b, { epoch: 2 })),
      says(b, { epoch: 2 }),
      { code: 'HA_STALE_PRIMARY', why: 'says it is primary, but its epoch 2 is older than 3' },
    ],
  ];
  it.each(rows)('%s', (_says, topology, self, refused) => {
    expect(whyNotPrimary(topology, self)).toEqual(refused);
  });
});

describe('what is not known refuses nobody', () => {
  it('no cluster is foreign to one whose own is not known, nor one that tells none', () => {
    expect(whyForeign(after(), { clusterId: 'y' })).toBeUndefined();
    expect(whyForeign(led, {})).toBeUndefined();
    expect(whyForeign(led, { clusterId: 'x' })).toBeUndefined();
  });

  it('no epoch is outdated where none has been seen, nor where none is told', () => {
    expect(whyOutdated(after(), { epoch: 0 })).toBeUndefined();
    expect(whyOutdated(led, {})).toBeUndefined();
    expect(whyOutdated(led, { epoch: 3 })).toBeUndefined();
  });
});
