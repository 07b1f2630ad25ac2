import { describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { Questions } from './questions.ts';

const soon = (): Promise<void> => Promise.resolve();

describe('questions', () => {
  it('to one are no more at once than allowed, and one that failed makes room', async () => {
    const questions = new Questions(new ManualClock());
    let fail: (error: Error) => void = () => undefined;
    const hanging = questions.put('a', () => new Promise((_, reject) => (fail = reject)), 1, 0);
    expect([await questions.put('a', soon, 1, 0), questions.underWay('a')]).toEqual([false, 1]);
    expect(await questions.put('b', soon, 1, 0)).toBe(true);
    fail(new Error('gone'));
    await expect(hanging).rejects.toThrow('gone');
    expect([await questions.put('a', soon, 1, 0), questions.underWay('a')]).toEqual([true, 0]);
  });

  it('are put no more often than allowed, unless something has changed', async () => {
    const clock = new ManualClock();
    const questions = new Questions(clock);
    const put = (): Promise<boolean> => questions.put('a', soon, 1, 250);
    expect([await put(), await put()]).toEqual([true, false]);
    await clock.advance(249);
    expect(await put()).toBe(false);
    await clock.advance(1);
    expect([await put(), await put()]).toEqual([true, false]);
    questions.hurry();
    expect(await put()).toBe(true);
  });
});
