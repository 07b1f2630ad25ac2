import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import { CallBound, type CallLimits } from './call-bound.ts';

function setup(limits: CallLimits): { clock: ManualClock; bound: CallBound; ends: number[] } {
  const clock = new ManualClock();
  const ends: number[] = [];
  const bound = new CallBound(clock, limits, () => ends.push(clock.now()));
  return { clock, bound, ends };
}

describe('the end that a caller has set', () => {
  it.each([
    ['deadlineMs', 0],
    ['deadlineMs', -1],
    ['deadlineMs', Number.NaN],
    ['deadlineMs', Infinity],
    ['deadlineMs', 2 ** 31],
    ['deadlineMs', '100'],
    ['signal', {}],
    ['signal', 'abort'],
  ])('is refused where %s is %s', (name, value) => {
    const limits = { [name]: value } as CallLimits;
    const refusal = expect.objectContaining({ code: 'HA_CONFIG', outcome: 'notSent' }) as Error;
    expect(() => setup(limits)).toThrow(refusal);
    expect(() => setup(limits)).toThrow(`${name} is `);
  });

  it('comes at the deadline, once, and says so', async () => {
    const { clock, bound, ends } = setup({ deadlineMs: 100 });
    await clock.advance(99);
    expect(bound.ended).toBe(false);
    await clock.advance(1_000);
    expect(ends).toEqual([100]);
    expect(bound.error('unknown')).toMatchObject({ code: 'HA_DEADLINE', outcome: 'unknown' });
    expect(bound.error('unknown').message).toContain('100 ms');
  });

  it('comes with the signal, where that is earlier, and carries its reason', async () => {
    const aborter = new AbortController();
    const { clock, bound, ends } = setup({ deadlineMs: 100, signal: aborter.signal });
    await clock.advance(10);
    aborter.abort('left');
    await clock.advance(1_000);
    expect(ends).toEqual([10]);
    expect(bound.error('notSent')).toMatchObject({ code: 'HA_ABORTED', outcome: 'notSent', cause: 'left' });
    expect(clock.pending).toBe(0);
  });

  it('has come from the start where the signal had been given before', () => {
    const { bound, ends } = setup({ signal: AbortSignal.abort() });
    expect(bound.ended).toBe(true);
    expect(ends).toEqual([]); // whoever starts the call asks first
  });

  it('cannot come any more when the call is over', async () => {
    const aborter = new AbortController();
    const { clock, bound, ends } = setup({ deadlineMs: 100, signal: aborter.signal });
    bound.release();
    aborter.abort();
    await clock.advance(1_000);
    expect(ends).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
