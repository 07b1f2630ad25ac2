import type { Lab } from '@steadfast/lab';
import { CLIENTS } from '@steadfast/campaign';
import { describe, expect, it } from 'vitest';
import { labFailovers, MEASURED } from './lab-failovers.ts';

describe('failovers of the lab', () => {
  it('are made of faults and settings that the campaign has', () => {
    const planned = labFailovers({} as Lab, 'nowhere', AbortSignal.abort());
    expect(planned.plannedMs).toBeGreaterThan(60_000);
    expect(planned.plannedMs).toBeLessThan(240_000);
  });

  it('are put to clients that the campaign has', () => {
    const names = CLIENTS.map(({ name }) => name);
    expect(MEASURED.filter((name) => !names.includes(name))).toEqual([]);
  });
});
