import { describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { Questions } from './questions.ts';

const soon = (): Promise<void> => Promise.resolve();

describe('questions', () => {
  it('to one are no more at once than allowed, and one that failed makes room', async () => {
    const questions = new Questions(new ManualClock());
    let fail: (error: Error) => void = () => undefined;
    const hanging = questions.put('a', () => new Promise((_, reject) => (fail = reject)));
    expect([await questions.put('a', soon), questions.underWay('a')]).toEqual([false, 1]);
    expect(await questions.put('b', soon)).toBe(true);
    fail(new Error('gone'));
    await expect(hanging).rejects.toThrow('gone');
    expect([await questions.put('a', soon), questions.underWay('a')]).toEqual([true, 0]);
  });

  it('are put no more often than allowed, unless something has changed', async () => {
    const clock = new ManualClock();
    const questions = new Questions(clock);
    const put = (): Promise<boolean> => questions.put('a', soon, { everyMs: 250 });
    expect([await put(), await put()]).toEqual([true, false]);
    await clock.advance(249);
    expect(await put()).toBe(false);
    await clock.advance(1);
    expect([await put(), await put()]).toEqual([true, false]);
    questions.hurry();
    expect(await put()).toBe(true);
  });

  it('that take long are waited for, and no longer counted', async () => {
    const clock = new ManualClock();
    const questions = new Questions(clock);
    let answer: () => void = () => undefined;
    const long = questions.put('a', () => new Promise((resolve) => (answer = resolve)), { holdsMs: 1_000 });
    await clock.advance(999);
    expect(questions.underWay('a')).toBe(1);
    await clock.advance(1);
    expect(questions.underWay('a')).toBe(0);
    const another = questions.put('a', () => new Promise(() => undefined));
    answer();
    expect([await long, questions.underWay('a')]).toEqual([true, 1]);
    void another;
  });

  it('to some are all silent where each has been let in and none has heard anything', () => {
    const questions = new Questions(new ManualClock());
    const asked = ['a', 'b'].map((key) => questions.paceOf(key).ask());
    expect(questions.areSilent(['a', 'b'])).toBe(false);
    asked[0]?.letIn();
    expect([questions.areSilent(['a']), questions.areSilent(['a', 'b'])]).toEqual([true, false]);
    asked[1]?.letIn();
    expect(questions.areSilent(['a', 'b'])).toBe(true);
    asked[1]?.heard();
    expect(questions.areSilent(['a', 'b'])).toBe(false);
  });
});
