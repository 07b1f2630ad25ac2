import { applyObservation, emptyTopology, type Observation, type Topology } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { generationOf, isLeftBehind } from './admission.ts';

const endpoint = { host: 'cache.example', port: 6379 };
const says = (epoch: number | undefined, at: number): Observation => ({
  kind: 'self',
  endpoint,
  role: 'primary',
  epoch,
  at,
});
const known = (...said: Observation[]): Topology =>
  said.reduce(applyObservation, emptyTopology('route', [endpoint], 0));

/** The generation of a link whose server has answered a dial that began at `at`. */
function linkOf(before: Topology, moves: number | undefined, at: number, generation = 1): number | undefined {
  const after = applyObservation(before, says(moves, at));
  return generationOf({ endpoint, generation, moves }, { before, after });
}

describe('a link to whoever has said that it is primary', () => {
  const first = known(says(0, 1));
  const second = known(says(0, 1), says(1, 5));

  it('behind a name that has not moved is of the generation in which it was dialled', () => {
    expect(linkOf(first, 0, 2)).toBe(1);
  });

  it('behind a name that has moved begins a generation', () => {
    expect(linkOf(first, 1, 2)).toBe(2);
  });

  it('is none where a younger answer of another server is known, for which its own is dropped', () => {
    expect(linkOf(known(says(0, 5)), 1, 2)).toBe(undefined);
  });

  it('is none where the generation has changed since it was dialled', () => {
    expect(linkOf(second, 1, 6)).toBe(undefined);
    expect(linkOf(second, 1, 6, 2)).toBe(2);
  });

  it('without a name is of the generation in which it was dialled, or none', () => {
    expect(linkOf(second, undefined, 6)).toBe(undefined);
    expect(linkOf(second, undefined, 6, 2)).toBe(2);
  });

  it('behind a name that has moved on since says nothing', () => {
    const moved = (moves: number | undefined): boolean =>
      isLeftBehind({ endpoint, generation: 1, moves }, second);
    expect([moved(0), moved(1), moved(undefined)]).toEqual([true, false, false]);
  });
});
