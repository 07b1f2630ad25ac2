import { describe, expect, it } from 'vitest';
import type { Clock } from '../runtime/clock.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { seededRandom } from '../runtime/random.ts';
import { DialPacer, type DialPacerOptions } from './dial-pacer.ts';

/** Dials that end when told to. */
function setup(
  concurrency: number,
  options: Partial<DialPacerOptions> = {},
): {
  clock: ManualClock;
  start: (generation: number | (() => number)) => void;
  open: ((ok: boolean) => void)[];
  peak: () => number;
} {
  const clock = new ManualClock();
  const pacer = new DialPacer(clock, seededRandom(1), { concurrency, spreadMs: 20, ...options });
  const open: ((ok: boolean) => void)[] = [];
  let running = 0;
  let peak = 0;
  const dial = (): Promise<void> =>
    new Promise((resolve, reject) => {
      running += 1;
      peak = Math.max(peak, running);
      open.push((ok) => {
        running -= 1;
        if (ok) resolve();
        else reject(new Error('refused'));
      });
    });
  return {
    clock,
    open,
    peak: () => peak,
    start: (generation) => {
      const known = typeof generation === 'number' ? () => generation : generation;
      void pacer.run(known, dial).catch(() => undefined);
    },
  };
}

describe('DialPacer', () => {
  it('dials one, and only when that stands a few at a time', async () => {
    const { clock, start, open, peak } = setup(2);
    for (let n = 0; n < 5; n++) start(2);
    await clock.advance(100);
    expect(open.length).toBe(1);
    open[0]?.(true);
    await clock.advance(100);
    expect(open.length).toBe(3);
    open[1]?.(true);
    open[2]?.(true);
    await clock.advance(100);
    expect(open.length).toBe(5);
    expect(peak()).toBe(2);
  });

  it('stays at one while dials fail', async () => {
    const { clock, start, open, peak } = setup(4);
    for (let n = 0; n < 3; n++) start(2);
    for (let n = 0; n < 3; n++) {
      await clock.advance(100);
      open[n]?.(false);
    }
    await clock.advance(100);
    expect(open.length).toBe(3);
    expect(peak()).toBe(1);
  });

  it('lets the next one go while one hangs, and no faster than that', async () => {
    const { clock, start, open } = setup(2);
    for (let n = 0; n < 9; n++) start(2);
    await clock.advance(240);
    expect(open.length).toBe(1);
    await clock.advance(20);
    expect(open.length).toBe(2);
    await clock.advance(1_000);
    expect(open.length).toBe(6);
  });

  it('gives the first that hang less time where told to, and each of them twice that of the one before', async () => {
    const { clock, start, open } = setup(2, { firstHedgeMs: 25 });
    for (let n = 0; n < 9; n++) start(2);
    const begun: number[] = [];
    for (const ms of [24, 2, 50, 100, 200, 250]) {
      await clock.advance(ms);
      begun.push(open.length);
    }
    expect(begun).toEqual([1, 2, 3, 4, 5, 6]);
    open[5]?.(true);
    await clock.advance(40);
    expect(open.length).toBe(8);
    await clock.advance(200);
    expect(open.length).toBe(8);
  });

  it('waits longer for those that hang, where those that succeed are slow too', async () => {
    const { clock, start, open } = setup(1);
    for (let n = 0; n < 9; n++) start(1);
    await clock.advance(240);
    open[0]?.(true);
    await clock.advance(0);
    expect(open.length).toBe(2);
    await clock.advance(470);
    expect(open.length).toBe(2);
    await clock.advance(20);
    expect(open.length).toBe(3);
  });

  it('soon forgets that dials which an outage held up took long', async () => {
    const { clock, start, open } = setup(1);
    start(1);
    await clock.advance(4_000);
    open[0]?.(true);
    for (let n = 1; n <= 4; n++) {
      start(1);
      await clock.advance(1);
      open[n]?.(true);
    }
    for (let n = 0; n < 3; n++) start(1);
    await clock.advance(1);
    expect(open.length).toBe(6);
    await clock.advance(510);
    expect(open.length).toBe(7);
  });

  it('has a dial that hangs hold its place for a second at most, however slow others have been', async () => {
    const { clock, start, open } = setup(1);
    start(1);
    await clock.advance(4_000);
    open[0]?.(true);
    await clock.advance(0);
    start(1);
    start(1);
    await clock.advance(990);
    expect(open.length).toBe(2);
    await clock.advance(20);
    expect(open.length).toBe(3);
  });

  it('forgets by halves: one quick dial says little', async () => {
    const { clock, start, open } = setup(1);
    for (const [n, tookMs] of [400, 200].entries()) {
      start(1);
      await clock.advance(tookMs);
      open[n]?.(true);
      await clock.advance(0);
    }
    start(1);
    start(1);
    await clock.advance(590);
    expect(open.length).toBe(3);
    await clock.advance(20);
    expect(open.length).toBe(4);
  });

  it('does not take those that were refused for some that hang, however long ago it was', async () => {
    const { clock, start, open } = setup(1, { firstHedgeMs: 25 });
    for (let n = 0; n < 5; n++) {
      start(2);
      await clock.advance(1);
      open[n]?.(false);
    }
    await clock.advance(30);
    expect(clock.pending).toBe(0);
    start(2);
    start(2);
    await clock.advance(24);
    expect(open.length).toBe(6);
    await clock.advance(2);
    expect(open.length).toBe(7);
  });

  it('has those that follow the first begin out of step, all over the time that was given for it', async () => {
    const { clock, start, open } = setup(20, { spreadMs: 1_000 });
    start(2);
    await clock.advance(1);
    open[0]?.(true);
    for (let n = 0; n < 20; n++) start(2);
    const begun: number[] = [];
    for (const ms of [250, 250, 250, 250]) {
      const before = open.length;
      await clock.advance(ms);
      begun.push(open.length - before);
    }
    expect(Math.min(...begun)).toBeGreaterThan(0);
    expect(open.length).toBe(21);
  });

  it('does not spread those to the first primary that was ever found: nobody is in step', async () => {
    const { clock, start, open } = setup(20);
    start(1);
    await clock.advance(1);
    open[0]?.(true);
    for (let n = 0; n < 20; n++) start(1);
    await clock.advance(0);
    expect(open.length).toBe(21);
  });

  it('has who knows only of the primary of before begin with the others, where these have gone on', async () => {
    const { clock, start, open } = setup(2);
    start(2);
    await clock.advance(1);
    open[0]?.(true);
    await clock.advance(0);
    start(2); // has its turn, and waits a moment to be out of step
    await clock.advance(0);
    start(3);
    await clock.advance(100);
    expect(open.length).toBe(2);
    open[1]?.(true);
    await clock.advance(100);
    expect(open.length).toBe(3);
  });

  it('keeps no process alive for a dial that hangs', async () => {
    const clock = new ManualClock();
    const timers: unknown[] = [];
    const seen: Clock = {
      now: () => clock.now(),
      timer: (ms, fn, options) => {
        timers.push(options?.background);
        return clock.timer(ms, fn);
      },
    };
    const pacer = new DialPacer(seen, seededRandom(1), { concurrency: 1 });
    void pacer.run(
      () => 1,
      () => new Promise(() => undefined),
    );
    await clock.advance(1);
    expect(timers).toEqual([true]);
  });

  it('has those that waited while the primary changed begin with one, too', async () => {
    const { clock, start, open } = setup(2);
    let generation = 2;
    for (let n = 0; n < 6; n++) start(() => generation);
    await clock.advance(1);
    open[0]?.(true); // two of the others have their turn now, and wait a moment to be out of step
    await clock.advance(0);
    generation = 3;
    await clock.advance(100);
    expect(open.length).toBe(2);
    open[1]?.(true);
    await clock.advance(100);
    expect(open.length).toBe(4);
  });

  it('has a dial hold its place from when it begins, also where timers are late', async () => {
    const { clock, start, open } = setup(2, { spreadMs: 1_000 });
    start(2);
    await clock.advance(1);
    open[0]?.(true);
    for (let n = 0; n < 8; n++) start(2);
    const begun: number[] = [];
    for (let turn = 0; turn < 500; turn++) {
      await clock.advance(10);
      while (begun.length < open.length - 1) begun.push(clock.now());
    }
    expect(begun.length).toBeGreaterThan(4);
    const apart = begun.slice(2).map((at, n) => at - (begun[n] ?? 0));
    expect(Math.min(...apart)).toBeGreaterThanOrEqual(240);
  });

  it('does not let dials that hang on an old primary hold up the new one', async () => {
    const { clock, start, open } = setup(2);
    start(1);
    await clock.advance(1);
    start(2);
    await clock.advance(1);
    expect(open.length).toBe(2);
  });
});
