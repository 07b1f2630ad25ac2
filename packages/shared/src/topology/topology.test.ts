import { describe, expect, it } from 'vitest';
import { applyObservation } from './apply-observation.ts';
import type { Observation } from './observation.ts';
import { differs, emptyTopology, isNominee, type Primary, type Topology } from './topology.ts';

const A = { host: 'a', port: 1 };
const B = { host: 'b', port: 1 };
const C = { host: 'c', port: 1 };
const EMPTY = emptyTopology('self', [A, B], 0);

function then(before: Topology, ...observations: Observation[]): Topology {
  return observations.reduce(applyObservation, before);
}

const led = then(
  EMPTY,
  { kind: 'self', endpoint: A, role: 'primary', epoch: 1, at: 1 },
  { kind: 'self', endpoint: B, role: 'replica', at: 1 },
);

describe('news', () => {
  const rows: [says: string, before: Topology, news: Observation, differs: boolean][] = [
    ['is that somebody leads', EMPTY, { kind: 'self', endpoint: A, role: 'primary', at: 1 }, true],
    ['is that nobody leads any more', led, { kind: 'unreachable', endpoint: A, reason: 'gone', at: 2 }, true],
    ['is another primary', led, { kind: 'self', endpoint: B, role: 'primary', epoch: 2, at: 2 }, true],
    [
      'is a new epoch of the same',
      led,
      { kind: 'self', endpoint: A, role: 'primary', epoch: 2, at: 2 },
      true,
    ],
    ['is a replica that is gone', led, { kind: 'unreachable', endpoint: B, reason: 'gone', at: 2 }, true],
    ['is one more member', led, { kind: 'listing', endpoints: [C], source: 'test', at: 2 }, true],
    [
      'is one member less',
      then(led, { kind: 'listing', endpoints: [C], source: 'test', at: 2 }),
      { kind: 'listing', endpoints: [A, B], source: 'test', at: 3 },
      true,
    ],
    ['is not that the primary leads', led, { kind: 'self', endpoint: A, role: 'primary', at: 2 }, false],
    ['is not that a replica is one', led, { kind: 'self', endpoint: B, role: 'replica', at: 2 }, false],
    [
      'is not why a member is unknown',
      EMPTY,
      { kind: 'unreachable', endpoint: B, reason: 'x', at: 2 },
      false,
    ],
  ];
  it.each(rows)('%s', (_says, before, observation, news) => {
    expect(differs(before, then(before, observation))).toBe(news);
  });

  it('is another member in the place of one', () => {
    const one = emptyTopology('self', [A], 0);
    expect(differs(one, emptyTopology('self', [C], 0))).toBe(true);
    expect(differs(one, emptyTopology('self', [A], 9))).toBe(false);
  });

  it('is who leads, also where all members are what they were', () => {
    expect(differs(led, { ...led, generation: 2 })).toBe(true);
    expect(differs(led, { ...led, leadership: EMPTY.leadership })).toBe(true);
  });
});

describe('a primary', () => {
  const primary = { endpoint: A, role: 'primary', observedAt: 1 } satisfies Primary;

  it('is as good as named where nobody is', () => {
    expect(isNominee(led, primary)).toBe(true);
  });

  it.each([
    [A, true],
    [B, false],
  ])('is named where the control plane names %j: %s', (endpoint, named) => {
    const nomination = { kind: 'nomination', endpoint, epoch: 1, source: 'test', at: 2 } as const;
    expect(isNominee(then(led, nomination), primary)).toBe(named);
  });
});
