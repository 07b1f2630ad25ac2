import { ManualClock } from '@steadfast/shared/testing';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { sleepUnless } from './sleep-unless.ts';

describe('a sleep that several signals may end', () => {
  it.each([0, 1])('is ended by signal %i, before it and during it', async (index) => {
    const clock = new ManualClock();
    const controllers = [new AbortController(), new AbortController()];
    const signals = [undefined, ...controllers.map(({ signal }) => signal)];
    const during = sleepUnless(clock, 1_000, signals);
    controllers[index]?.abort();
    await during;
    await sleepUnless(clock, 1_000, signals);
    expect(clock.pending).toBe(0);
  });

  it('leaves nothing with a signal that lives on', async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    for (let turn = 0; turn < 100; turn++) {
      const asleep = sleepUnless(clock, 10, [signal, new AbortController().signal]);
      await clock.advance(10);
      await asleep;
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
