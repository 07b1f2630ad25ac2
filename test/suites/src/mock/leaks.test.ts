import { describe, expect, it } from 'vitest';
import { pgFailovers, redisFailovers, type Failovers } from './failovers.ts';
import { held, open, openDownTo } from './growth.ts';

const FAILOVERS = 1_000;
/** Until then caches fill, and code is compiled. */
const WARM = 300;
/** What a failover may leave in the heap, bytes. A connection that is kept would be tens of thousands. */
const LEFT = 2_000;

describe('a thousand failovers in one process', () => {
  it.each<[string, () => Promise<Failovers>]>([
    ['PostgreSQL', pgFailovers],
    ['Redis', redisFailovers],
  ])(
    'of %s leave nothing behind: heap, handles, listeners, connections',
    async (_what, start) => {
      const warnings: Error[] = [];
      const onWarning = (warning: Error): void => void warnings.push(warning);
      process.on('warning', onWarning);
      const before = open();
      const failovers = await start();
      try {
        let warm = await held();
        let listeners = 0;
        for (let n = 1; n <= FAILOVERS; n++) {
          await failovers.failOver(n);
          if (n !== WARM) continue;
          warm = await held();
          listeners = failovers.listeners();
        }
        const after = await held();
        expect((after.heap - warm.heap) / (FAILOVERS - WARM)).toBeLessThan(LEFT);
        expect(after.listeners).toBe(warm.listeners);
        expect(failovers.listeners()).toBe(listeners);
        expect(failovers.connections()).toBeLessThan(20);
        await failovers.end();
        await expect.poll(() => failovers.connections(), { timeout: 5_000 }).toBe(0);
      } finally {
        await failovers.stop();
        process.off('warning', onWarning);
      }
      expect(warnings).toEqual([]);
      expect(await openDownTo(before, 5_000)).toBeLessThanOrEqual(before);
    },
    240_000,
  );
});
