import { afterEach, expect, it } from 'vitest';
import { shiftClock } from './shifted-clock.ts';

const HOUR_MS = 3_600_000;
const right = Date.now;
afterEach(() => shiftClock(0));

it.each([HOUR_MS, -HOUR_MS])(
  'every way to read the wall clock is off by %i ms, the monotonic one is not',
  (ms) => {
    const monotonic = performance.now();
    shiftClock(ms);
    const off = (read: number): number => Math.abs(read - right() - ms);
    expect(off(Date.now())).toBeLessThan(1_000);
    expect(off(new Date().getTime())).toBeLessThan(1_000);
    expect(off(Date.parse(Date()))).toBeLessThan(2_000);
    expect(new Date(5).getTime()).toBe(5);
    expect(new Date() instanceof Date).toBe(true);
    expect(performance.now() - monotonic).toBeLessThan(60_000);
  },
);

it('is right again after a shift by nothing', () => {
  shiftClock(HOUR_MS);
  shiftClock(0);
  expect(Math.abs(Date.now() - right())).toBeLessThan(1_000);
});
