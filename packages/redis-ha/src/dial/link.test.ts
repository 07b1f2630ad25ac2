import { Socket } from 'node:net';
import { applyObservation, emptyTopology, type Observation, type Topology } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { fateOf, type Fate, type Link } from './link.ts';

const A = { host: 'a', port: 1 };
const B = { host: 'b', port: 1 };

function topology(...observations: Observation[]): Topology {
  const start = applied(emptyTopology('nominated', [], 0), [
    { kind: 'nomination', endpoint: A, epoch: 1, source: 's', at: 1 },
    { kind: 'self', endpoint: A, role: 'primary', at: 2 },
  ]);
  return applied(start, observations);
}

function applied(from: Topology, observations: readonly Observation[]): Topology {
  return observations.reduce(applyObservation, from);
}

const link: Link = { socket: new Socket(), endpoint: A, generation: 1, epoch: 1, since: 3 };
const cases: { says: string; news: Observation[]; fate: Fate }[] = [
  { says: 'nothing new', news: [], fate: 'keep' },
  {
    says: 'its server has answered again',
    news: [{ kind: 'self', endpoint: A, role: 'primary', at: 9 }],
    fate: 'keep',
  },
  {
    says: 'its server cannot be asked',
    news: [{ kind: 'unreachable', endpoint: A, reason: 'x', at: 9 }],
    fate: 'pause',
  },
  {
    says: 'a newer epoch has begun',
    news: [{ kind: 'nomination', endpoint: B, epoch: 2, source: 's', at: 9 }],
    fate: 'cut',
  },
  {
    says: 'an older epoch is told',
    news: [{ kind: 'nomination', endpoint: B, epoch: 0, source: 's', at: 9 }],
    fate: 'keep',
  },
  {
    says: 'another is followed',
    news: [
      { kind: 'nomination', endpoint: B, epoch: 2, source: 's', at: 9 },
      { kind: 'self', endpoint: B, role: 'primary', at: 10 },
    ],
    fate: 'cut',
  },
  {
    says: 'its server calls itself a replica',
    news: [{ kind: 'self', endpoint: A, role: 'replica', at: 9 }],
    fate: 'drain',
  },
  {
    says: 'another member is a replica',
    news: [{ kind: 'self', endpoint: B, role: 'replica', at: 9 }],
    fate: 'keep',
  },
];

describe('the fate of a link when', () => {
  it.each(cases)('$says: $fate', ({ news, fate }) => {
    expect(fateOf(link, topology(...news))).toBe(fate);
  });
});
