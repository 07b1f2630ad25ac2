import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { RoutePace } from './route-pace.ts';

let clock: ManualClock;
let pace: RoutePace;
beforeEach(() => {
  clock = new ManualClock(1_000_000);
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

  it('follow each other at once where answers are as slow as ever, or no slower than that anyone would mind', async () => {
    for (let n = 0; n < 5; n++) await question(100);
    expect(pace.mayAsk).toBe(true);
    pace = new RoutePace(clock);
    await question(2);
    for (let n = 0; n < 5; n++) await question(45);
    expect(pace.mayAsk).toBe(true);
  });

  it('come back to their pace when answers are quick again', async () => {
    await question(10);
    for (let n = 0; n < 6; n++) await question(200);
    for (let n = 0; n < 8; n++) await question(10);
    expect(await pause()).toBeLessThan(5);
  });

  it.each([
    ['four times the quickest answer', 10, 40],
    ['no less than 20 ms', 2, 20],
    ['a tenth of a second at most', 45, 100],
  ])('pause for want of an answer where there was one of late: %s', async (_what, quickestMs, pauseMs) => {
    await question(quickestMs);
    await question(51, false);
    pace.ask();
    expect(await pause()).toBe(pauseMs);
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
    await question(10);
    for (let n = 0; n < 5; n++) await question(1, false);
    expect(pace.mayAsk).toBe(true);
  });

  it('go out at once again where nobody has answered for long, however slow the answers were', async () => {
    await question(10);
    for (let n = 0; n < 7; n++) await question(200);
    await clock.advance(4_000);
    await question(1, false);
    expect(pace.mayAsk).toBe(true);
  });

  it('wait for the newest, also where one of before has ended', async () => {
    await question(10);
    const before = pace.ask();
    await clock.advance(30);
    pace.ask();
    await clock.advance(1);
    before.end(true);
    expect(await pause()).toBe(61);
  });

  it('go out at once when the route leads to another server, also where one of before is answered late', async () => {
    const before = pace.ask();
    await clock.advance(10);
    pace.ask();
    pace.hurry();
    await clock.advance(500);
    before.end(true);
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

  it.each([true, false])(
    'wait for it until it has ended, and not until another has (answered: %s)',
    async (answered) => {
      await question(10);
      const [asked, other] = [pace.ask(), pace.ask()];
      await clock.advance(20);
      asked.opened();
      asked.heard();
      other.end(answered);
      expect([pace.opening, pace.answering, pace.mayAsk]).toEqual([true, true, false]);
      asked.end(answered);
      expect([pace.opening, pace.answering]).toEqual([false, false]);
    },
  );

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
    asked = pace.ask(); // in the very moment of the change, of who is there now
    expect(openings()).toEqual([false, true]);
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

  it('tell how long the first of those that were let in has heard nothing', async () => {
    const [first, second] = [pace.ask(), pace.ask()];
    expect(pace.letInMs).toBe(undefined);
    first.letIn();
    await clock.advance(200);
    second.letIn();
    await clock.advance(100);
    expect(pace.letInMs).toBe(300);
    first.heard();
    expect(pace.letInMs).toBe(100);
    second.end(false);
    expect(pace.letInMs).toBe(undefined);
  });
});
