import { describe, expect, it } from 'vitest';
import { EMPTY_POSITION_LOG, lagOf, notePosition, noteReached, type PositionLog } from './position-log.ts';

/** [epoch, position, at] */
function log(...samples: [number, number, number][]): PositionLog {
  return samples.reduce(
    (before, [epoch, position, at]) => notePosition(before, epoch, position, at),
    EMPTY_POSITION_LOG,
  );
}

describe('how far a replica is behind', () => {
  const busy = log([1, 100, 1_000], [1, 200, 2_000], [1, 300, 3_000]);
  const rows = [
    { name: 'at the last position seen', given: busy, position: 300, now: 3_000, lag: { bytes: 0, ms: 0 } },
    { name: 'ahead of the last look', given: busy, position: 350, now: 3_400, lag: { bytes: 0, ms: 400 } },
    { name: 'between two looks', given: busy, position: 250, now: 3_000, lag: { bytes: 50, ms: 1_000 } },
    {
      name: 'before all that is known',
      given: busy,
      position: 50,
      now: 3_000,
      lag: { bytes: 250, ms: Infinity },
    },
    {
      name: 'up to date with a primary that stands still: no lag grows with idleness',
      given: log([1, 100, 1_000], [1, 100, 60_000]),
      position: 100,
      now: 60_000,
      lag: { bytes: 0, ms: 0 },
    },
    {
      name: 'at a place that a primary which stands still now had passed before',
      given: log([1, 100, 1_000], [1, 200, 2_000], [1, 300, 3_000], [1, 300, 60_000]),
      position: 200,
      now: 60_000,
      lag: { bytes: 100, ms: 58_000 },
    },
    {
      name: 'up to date with a primary that nobody can ask any more: its data age',
      given: log([1, 100, 1_000]),
      position: 100,
      now: 61_000,
      lag: { bytes: 0, ms: 60_000 },
    },
    {
      name: 'judged by the new primary’s positions alone after a failover',
      given: log([1, 500, 1_000], [2, 400, 2_000]),
      position: 400,
      now: 2_000,
      lag: { bytes: 0, ms: 0 },
    },
    {
      name: 'not judged by what an older primary still says',
      given: log([2, 400, 2_000], [1, 900, 3_000]),
      position: 400,
      now: 3_000,
      lag: { bytes: 0, ms: 1_000 },
    },
    {
      name: 'not judged by an answer that was overtaken',
      given: log([1, 400, 2_000], [1, 300, 1_900]),
      position: 300,
      now: 2_000,
      lag: { bytes: 100, ms: Infinity },
    },
    {
      name: 'behind another replica, where no primary has ever answered',
      given: noteReached(EMPTY_POSITION_LOG, 500),
      position: 200,
      now: 0,
      lag: { bytes: 300, ms: Infinity },
    },
  ];
  it.each(rows)('$name', ({ given, position, now, lag }) => {
    expect(lagOf(given, position, now)).toEqual(lag);
  });

  it('is told from the looks there are: an overtaken answer, and a second look at the same place, add none', () => {
    const asked = log([1, 400, 2_000]);
    expect(notePosition(asked, 1, 500, 1_900)).toBe(asked);
    expect(notePosition(asked, 1, 300, 2_100)).toBe(asked);
    expect(notePosition(asked, 1, 500, 2_000).samples).toHaveLength(2);
    expect(notePosition(log([1, 300, 1_000], [1, 400, 2_000]), 1, 400, 3_000).samples).toEqual([
      { position: 300, at: 1_000 },
      { position: 400, at: 3_000 },
    ]);
    expect(EMPTY_POSITION_LOG.samples).toEqual([]);
  });

  it('is told without epochs, where the server shows none', () => {
    const without = notePosition(notePosition(EMPTY_POSITION_LOG, undefined, 10, 1), undefined, 20, 2);
    expect(without).toEqual({
      epoch: undefined,
      samples: [
        { position: 10, at: 1 },
        { position: 20, at: 2 },
      ],
      begin: 10,
      furthest: 20,
    });
    const begun = { ...EMPTY_POSITION_LOG, furthest: 5 };
    expect(notePosition(begun, undefined, 10, 1)).toMatchObject({ begin: 10, furthest: 10 });
  });

  it('is told against the furthest that anybody has shown', () => {
    const asked = log([1, 400, 2_000]);
    expect(noteReached(asked, 450).furthest).toBe(450);
    expect(noteReached(asked, 400)).toBe(asked);
    expect(noteReached(asked, 300)).toBe(asked);
  });

  it('is told from a bounded number of looks', () => {
    let many = EMPTY_POSITION_LOG;
    for (let n = 1; n <= 1_000; n++) many = notePosition(many, 1, n, n);
    expect(many.samples.length).toBeLessThanOrEqual(128);
    expect(lagOf(many, 999, 1_000)).toEqual({ bytes: 1, ms: 1 });
  });

  const paces = [
    { name: 'a look a second for hours', everyMs: () => 1_000, forMs: 20_000_000 },
    { name: 'looks in a hurry', everyMs: () => 100, forMs: 1_000_000 },
    {
      name: 'looks in a hurry after a quiet hour',
      everyMs: (at: number) => (at < 3_600_000 ? 1_000 : 20),
      forMs: 3_700_000,
    },
  ];
  it.each(paces)(
    'is never understated, nor overstated by more than an eighth and a look: $name',
    ({ everyMs, forMs }) => {
      let asked = EMPTY_POSITION_LOG;
      let now = 0;
      for (; now < forMs; now += everyMs(now)) asked = notePosition(asked, 1, now, now);
      now -= everyMs(now);
      for (const behind of [0, 250, 1_000, 5_000, 10_000, 30_000, 60_000, 600_000]) {
        const { ms } = lagOf(asked, now - behind, now);
        expect(ms).toBeGreaterThanOrEqual(behind);
        expect(ms).toBeLessThanOrEqual(behind * 1.125 + everyMs(now));
      }
    },
  );
});
