import { describe, expect, it } from 'vitest';
import { runFleet, type FleetRun } from './fleet.ts';
import { FLEETS } from './kinds.ts';

const half = (times: readonly number[]): number => times[Math.floor(times.length / 2)] ?? Infinity;

describe('a hundred processes that lose their primary at once', () => {
  const run = (paced: boolean): Promise<FleetRun> => runFleet(FLEETS.patroni, 100, paced);

  it('dial half as much at once where they pace it, and are back as soon', async () => {
    const [paced, unpaced] = [await run(true), await run(false)];
    expect(half(paced.first)).toBeLessThan(half(unpaced.first) * 1.2);
    expect(Math.max(...paced.last)).toBeLessThan(Math.max(...unpaced.last) * 1.2);
    expect(paced.mostDialsOpen).toBeLessThan(unpaced.mostDialsOpen * 0.6);
    expect([paced.inVain, unpaced.inVain]).toEqual([0, 0]);
  });

  it('come back in the same way whenever the same is played', async () => {
    expect(await run(true)).toEqual(await run(true));
  });
});
