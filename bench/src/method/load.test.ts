import { describe, expect, it } from 'vitest';
import type { Beat } from './beat.ts';
import { runLoad, type Load } from './load.ts';
import { Latencies } from './latencies.ts';
import type { Tally } from './tally.ts';

/** Time that passes only when everybody waits. */
class SimulatedBeat implements Beat {
  #now = 1_000;
  readonly #waiting: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  until(at: number): Promise<void> {
    return new Promise((wake) => this.#waiting.push({ at, wake }));
  }

  /** The process does nothing for so long. */
  skip(ms: number): void {
    this.#now += ms;
  }

  async play(): Promise<void> {
    for (let rounds = 0; rounds < 100_000; rounds++) {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      const next = this.#waiting.toSorted((a, b) => a.at - b.at)[0];
      if (!next) return;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
  }
}

async function tallyOf(
  loop: Load['loop'],
  serve: (beat: Beat) => Promise<unknown>,
  more: Partial<Load> = {},
): Promise<Tally> {
  const beat = new SimulatedBeat();
  const run = async (): Promise<string> => {
    await serve(beat);
    return 'op';
  };
  const load: Load = {
    loop,
    run,
    judge: () => 'rejected',
    beat,
    warmupMs: 100,
    measureMs: 1_000,
    drainMs: 500,
    onMeasure: () => undefined,
    ...more,
  };
  const done = runLoad(load);
  await beat.play();
  return done;
}

/** Serves in 1 ms, but nothing at all between 600 and 900 ms after the start. */
const stalling = (beat: Beat): Promise<void> => {
  const at = beat.now() - 1_000;
  return beat.until(1_000 + (at >= 600 && at < 900 ? 901 : at + 1));
};

const latencies = (tally: Tally): Latencies => Latencies.sumOf([...tally.byKind.values()]);

describe('an open loop', () => {
  it('begins as many as its rate says, however long each takes', async () => {
    const tally = await tallyOf({ kind: 'open', perSecond: 200 }, (beat) => beat.until(beat.now() + 300));
    expect(latencies(tally).count).toBe(200);
    expect(latencies(tally).at(50)).toBeCloseTo(300, 0);
  });

  it('counts the wait of every call that a stalled server kept from being served, where a closed loop sees one', async () => {
    const open = latencies(await tallyOf({ kind: 'open', perSecond: 100 }, stalling)).summary();
    const closed = latencies(await tallyOf({ kind: 'closed', callers: 1 }, stalling)).summary();
    // 30 of 100 calls were meant to begin in a stall of 300 ms; the last of them waited 11 ms.
    expect(open.p90).toBeGreaterThan(190);
    expect(open.max).toBeCloseTo(301, 0);
    expect(closed.p99).toBeLessThan(2);
    expect(closed.max).toBeCloseTo(301, 0);
  });

  it('counts from the intended instant where the process itself was held up', async () => {
    const tally = await tallyOf({ kind: 'open', perSecond: 100 }, async (beat) => {
      if (beat.now() === 1_500) (beat as SimulatedBeat).skip(200);
    });
    expect(latencies(tally).summary().max).toBeCloseTo(200, 0);
    expect(latencies(tally).at(90)).toBeGreaterThan(90);
  });

  it('says of what has not ended that its outcome is unknown, and waits for it no longer than it may', async () => {
    const never = new Promise<never>(() => undefined);
    const tally = await tallyOf({ kind: 'open', perSecond: 100 }, () => never);
    expect(tally.errors).toEqual({ notSent: 0, rejected: 0, unknown: 100 });
    // Each has taken longer than from when it was meant to begin until nobody waited any more.
    const { count, at } = { count: tally.unfinished.count, at: (p: number) => tally.unfinished.at(p) };
    expect(count).toBe(100);
    expect([at(1), at(100)].map(Math.round)).toEqual([510, 1_500]);
  });
});

describe('a failed operation', () => {
  it.each(['notSent', 'rejected', 'unknown'] as const)(
    'counts with its time where it waited, whatever its outcome is called: %s',
    async (outcome) => {
      const fail =
        (ms: number) =>
        async (beat: Beat): Promise<never> => {
          await beat.until(beat.now() + ms);
          throw new Error('no');
        };
      const loop = { kind: 'open', perSecond: 100 } as const;
      const waited = await tallyOf(loop, fail(300), { judge: () => outcome });
      expect(waited.unfinished.count).toBe(100);
      expect(waited.unfinished.at(50)).toBeCloseTo(300, 0);
      const atOnce = await tallyOf(loop, fail(5), { judge: () => outcome });
      expect([atOnce.errors[outcome], atOnce.unfinished.count]).toEqual([100, 0]);
    },
  );
});

describe('a closed loop', () => {
  it('has as many operations open as callers, and leaves the warm-up out', async () => {
    let open = 0;
    let most = 0;
    const tally = await tallyOf({ kind: 'closed', callers: 8 }, async (beat) => {
      most = Math.max(most, ++open);
      await beat.until(beat.now() + 10);
      open--;
    });
    expect(most).toBe(8);
    expect(latencies(tally).count).toBe(800);
  });

  it('keeps on after failures, which it counts by outcome, without spinning', async () => {
    const tally = await tallyOf({ kind: 'closed', callers: 1 }, () => Promise.reject(new Error('no')));
    expect(tally.errors).toEqual({ notSent: 0, rejected: 1_000, unknown: 0 });
    expect(tally.firstError).toBe('no');
  });
});
