import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';

afterEach(() => vi.restoreAllMocks());

it('takes a time that has just passed for now', () => {
  const set = vi.spyOn(globalThis, 'setTimeout');
  for (const ms of [-0.0005, 5]) systemClock.timer(ms, () => undefined).cancel();
  expect(set.mock.calls.map(([, ms]) => ms)).toEqual([0, 5]);
});
