import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { RoutePace } from './route-pace.ts';

let clock: ManualClock;
let pace: RoutePace;
beforeEach(() => {
  clock = new ManualClock();
  pace = new RoutePace(clock);
});

/** Asks, lets `ms` pass, and has it end. */
async function question(ms: number, answered = true): Promise<void> {
  const asked = pace.ask();
  await clock.advance(ms);
  asked.end(answered);
}

/** After how many ms the next question may go out. */
async function pause(): Promise<number> {
  let ms = 0;
  for (; !pace.mayAsk && ms < 10_000; ms += 1) await clock.advance(1);
  return ms;
}

describe('questions through a route', () => {
  it('follow each other at once while answers are quick', async () => {
    for (let n = 0; n < 5; n++) {
      await question(10);
      expect(pace.mayAsk).toBe(true);
    }
  });

  it('go out one at a time, and another beside one that takes twice as long as usual', async () => {
    await question(10);
    pace.ask();
    expect(await pause()).toBe(20);
  });

  it('pause for ever longer while answers are slow, but for 2 s at most', async () => {
    await question(10);
    const pauses: number[] = [];
    for (let n = 0; n < 8; n++) {
      await question(200);
      pauses.push(await pause());
    }
    expect(pauses).toEqual([0, 0, 0, 200, 600, 1_400, 1_800, 1_800]);
  });

  it('come back to their pace when answers are quick again', async () => {
    await question(10);
    for (let n = 0; n < 6; n++) await question(200);
    for (let n = 0; n < 8; n++) await question(10);
    expect(await pause()).toBeLessThan(5);
  });

  it('slow down a little for want of an answer where there was one of late', async () => {
    await question(10);
    await question(51, false);
    expect(await pause()).toBeGreaterThan(40);
  });

  it('do not slow down for want of an answer where there has been none for long', async () => {
    await question(10);
    await clock.advance(6_000);
    await question(250, false);
    await question(250, false);
    expect(await pause()).toBe(0);
  });

  it('do not slow down for refusals', async () => {
    for (let n = 0; n < 5; n++) await question(1, false);
    expect(pace.mayAsk).toBe(true);
  });

  it('go out at once when the route leads to another server', async () => {
    await question(10);
    for (let n = 0; n < 4; n++) await question(200);
    pace.ask();
    pace.hurry();
    expect(pace.mayAsk).toBe(true);
  });

  it('wait for one whose server has begun to answer, but for no longer than a quarter of a second', async () => {
    pace.hurry();
    const asked = pace.ask();
    expect(pace.mayAsk).toBe(true);
    asked.heard();
    expect(await pause()).toBe(250);
    asked.heard();
    asked.end(false);
    expect(pace.mayAsk).toBe(true);
  });

  it('do not wait for one that was put before the route led to another server', async () => {
    const asked = pace.ask();
    await clock.advance(1);
    pace.hurry();
    asked.heard();
    expect(pace.mayAsk).toBe(true);
  });

  it('tell for a tenth of a second that one has got a connection, unless it has ended or the route has changed', async () => {
    const openings = (): boolean[] => {
      const seen = [pace.opening];
      asked.opened();
      return [...seen, pace.opening];
    };
    let asked = pace.ask();
    expect(openings()).toEqual([false, true]);
    await clock.advance(99);
    expect(pace.opening).toBe(true);
    await clock.advance(1);
    expect(openings()).toEqual([false, true]);
    asked.end(true);
    asked = pace.ask();
    expect(openings()).toEqual([false, true]);
    await clock.advance(1);
    pace.hurry();
    expect(openings()).toEqual([false, false]);
  });

  it('tell of a crowd where one has got a connection late, and waits', async () => {
    const asked = pace.ask();
    await clock.advance(1_000);
    expect(pace.crowded).toBe(false);
    asked.opened();
    await clock.advance(300);
    expect(pace.crowded).toBe(true);
  });

  it('tell of no crowd where that one is answered at once', async () => {
    const asked = pace.ask();
    asked.opened();
    await clock.advance(10);
    asked.heard();
    asked.end(true);
    await clock.advance(1_000);
    expect(pace.crowded).toBe(false);
  });
});
