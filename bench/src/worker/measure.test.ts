import { describe, expect, it } from 'vitest';
import { Latencies } from '../method/latencies.ts';
import { Tally } from '../method/tally.ts';
import { resultOf } from './measure.ts';

describe('what a stretch came to', () => {
  it('per second and per operation is of what ended within it, as CPU and bytes are', () => {
    const tally = new Tally(0, 500);
    tally.done('get', -10, 20); // begun in the warm-up
    tally.done('get', 100, 200);
    for (const meantAt of [200, 300, 400]) tally.done('get', meantAt, 4_000); // when the load was over
    const per = (operations: number): ReturnType<Parameters<typeof resultOf>[2]['per']> => ({
      cpuMicros: 600 / operations,
      connections: 1,
      bytes: { sent: 60 / operations, received: 120 / operations },
    });
    const result = resultOf(tally, 500, { per });
    expect(result).toMatchObject({ operations: 4, perSecond: 4, cpuMicros: 300 });
    expect(result.bytes).toEqual({ sent: 30, received: 60 });
    expect(Latencies.decode(result.byKind['get'] ?? '').count).toBe(4);
  });
});
