import { describe, expect, it } from 'vitest';
import { applyObservation, emptyTopology, type Seat } from '@steadfast/shared';
import { observeIdentity } from '../strategies/observe.ts';
import type { Identity } from './identity.ts';
import { primaryTarget } from './primary-target.ts';

const NAME = { host: 'db.example.test', port: 5432 };
const PRIMARY: Identity = { role: 'primary', timeline: 2, systemId: '7' };

/** A name behind which the primary has answered to a question of moment 100. */
function seat(): Seat {
  let topology = emptyTopology('route', [NAME], 0);
  const report: Seat['report'] = (observation) => (topology = applyObservation(topology, observation));
  report(observeIdentity(NAME, PRIMARY, 100));
  return {
    report,
    get topology() {
      return topology;
    },
  } as unknown as Seat;
}

describe('whoever answers behind an address', () => {
  const refused: { who: string; identity: Identity; code: string }[] = [
    {
      who: 'a standby',
      identity: { ...PRIMARY, role: 'replica', timeline: undefined },
      code: 'HA_NOT_PRIMARY',
    },
    { who: 'another cluster', identity: { ...PRIMARY, systemId: '8' }, code: 'HA_WRONG_CLUSTER' },
    { who: 'a primary that was replaced', identity: { ...PRIMARY, timeline: 1 }, code: 'HA_STALE_PRIMARY' },
  ];
  const askedAt = [
    { when: 'before the primary was', at: 99 },
    { when: 'after it', at: 101 },
  ];
  const rows = refused.flatMap((row) => askedAt.map((asked) => ({ ...row, ...asked })));

  it.each(rows)('is refused where it is $who, asked $when', ({ identity, code, at }) => {
    const target = primaryTarget(seat(), observeIdentity);
    expect(() => target.admit(NAME, identity, at)).toThrow(
      expect.objectContaining({ code, outcome: 'notSent' }),
    );
  });

  it.each(askedAt)('is let in where it is the primary, asked $when', ({ at }) => {
    const watched = seat();
    const admitted = primaryTarget(watched, observeIdentity).admit(NAME, PRIMARY, at);
    expect(admitted).toEqual({ role: 'primary', generation: watched.topology.generation });
  });
});
