import { describe, expect, it } from 'vitest';
import { watch, type Act, type Sample, type Silence } from './silence.ts';

const OPTIONS = { silenceMs: 1_000, giveUpMs: 5_000 };
const QUIET: Sample = { now: 0, bytes: 7, busy: true, confirmedAt: -Infinity, searching: false };

/** What is done over time, every 250 ms; `change` makes the sample of each moment. */
function acts(untilMs: number, change: (now: number) => Partial<Sample>): string[] {
  let state: Silence = { at: 'flowing', bytes: 7, since: 0, busy: true };
  const done: string[] = [];
  for (let now = 250; now <= untilMs; now += 250) {
    const looked: { next: Silence; act: Act } = watch(state, { ...QUIET, now, ...change(now) }, OPTIONS);
    state = looked.next;
    if (looked.act !== 'none') done.push(`${now} ${looked.act}`);
    if (looked.act === 'cut') break;
  }
  return done;
}

describe('a silent link', () => {
  it('is no matter while nothing is asked', () => {
    expect(acts(10_000, () => ({ busy: false }))).toEqual([]);
  });

  it('is no matter while bytes come', () => {
    expect(acts(10_000, (now) => ({ bytes: now }))).toEqual([]);
  });

  it('is suspected after silenceMs, and not cut by silence alone', () => {
    expect(acts(4_000, () => ({}))).toEqual(['1000 suspect']);
  });

  it('is cut where the primary proves alive elsewhere while it stays silent for as long again', () => {
    expect(acts(10_000, () => ({ confirmedAt: 1_010 }))).toEqual(['1000 suspect', '2000 cut']);
  });

  it('is not cut for an answer that the primary gave before it was suspected', () => {
    expect(acts(5_000, () => ({ confirmedAt: 900 }))).toEqual(['1000 suspect']);
  });

  it('is left alone where it speaks again', () => {
    expect(acts(10_000, (now) => ({ confirmedAt: 1_010, bytes: now < 1_500 ? 7 : now }))).toEqual([
      '1000 suspect',
      '1500 trust',
    ]);
  });

  it('is cut at the deadline where nobody can be reached', () => {
    expect(acts(10_000, () => ({ searching: true }))).toEqual(['1000 suspect', '5000 cut']);
  });

  it('is cut at the deadline, too, where whoever answers says nothing of the primary', () => {
    expect(acts(10_000, () => ({ searching: false }))).toEqual(['1000 suspect', '6000 cut']);
  });

  it('begins when something is asked, not before', () => {
    expect(acts(3_000, (now) => ({ busy: now > 1_000 }))).toEqual(['2250 suspect']);
  });
});
