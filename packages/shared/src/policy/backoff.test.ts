import { describe, expect, it } from 'vitest';
import { seededRandom } from '../runtime/random.ts';
import { backoffMs } from './backoff.ts';

describe('backoffMs', () => {
  it('grows to its ceiling and stays within the jitter', () => {
    const random = seededRandom(7);
    for (let attempt = 0; attempt < 200; attempt++) {
      const base = Math.min(250, 25 * 2 ** attempt);
      const ms = backoffMs({ minMs: 25, maxMs: 250 }, attempt, random);
      expect(ms).toBeGreaterThanOrEqual(base * 0.75);
      expect(ms).toBeLessThanOrEqual(base * 1.25);
    }
  });

  it('spreads: no two of a hundred processes wait alike', () => {
    const waits = Array.from({ length: 100 }, (_, seed) =>
      backoffMs({ minMs: 100, maxMs: 100 }, 0, seededRandom(seed)),
    );
    expect(new Set(waits).size).toBe(100);
  });
});
