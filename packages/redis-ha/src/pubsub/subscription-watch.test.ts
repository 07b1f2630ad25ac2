import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { DriverInternals } from '../driver/internals.ts';
import { SubscriptionWatch, type Gap } from './subscription-watch.ts';

/** A connection that answers its pulses after a moment, or never. */
function setUp() {
  const clock = new ManualClock(10_000);
  const gaps: Gap[] = [];
  const now = { subscribed: true, answers: true, mayPing: true, generation: 1, pings: 0 };
  const watch = new SubscriptionWatch({
    clock,
    keyPrefix: '',
    everyMs: 1_000,
    driver: {
      get condition() {
        const channels = (kind: string): string[] => (kind === 'subscribe' ? ['news'] : []);
        return { select: 0, subscriber: now.subscribed ? { channels } : false };
      },
    } as DriverInternals,
    ping: () => {
      now.pings += 1;
      return new Promise((resolve) => now.answers && clock.timer(5, () => resolve('PONG')));
    },
    generation: () => now.generation,
    mayPing: () => now.mayPing,
    onGap: (gap) => gaps.push(gap),
  });
  /** Looks eight times a second, as the silence watch does. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 125) {
      watch.look();
      await clock.advance(125);
    }
  };
  return { clock, gaps, now, watch, pass };
}

/** How long it was, ms. */
const lasted = ({ from, to }: Gap): number => to.getTime() - from.getTime();

const link = { since: 9_000, generation: 1 };

describe('a subscription', () => {
  it('that is whole asks once a second, and tells nothing', async () => {
    const { gaps, now, pass } = setUp();
    await pass(5_000);
    expect(now.pings).toBe(5);
    expect(gaps).toEqual([]);
  });

  it('has a gap from the last pulse that was answered to the first on the new connection', async () => {
    const { clock, gaps, now, watch, pass } = setUp();
    await pass(3_000);
    now.answers = false;
    await pass(1_500);
    watch.unlinked(link, 'cut');
    await clock.advance(2_000);
    now.answers = true;
    watch.linked();
    await clock.advance(5);
    expect(gaps).toMatchObject([{ reason: 'cut', channels: ['news'], patterns: [] }]);
    // Dates are of the real calendar, which goes on while this runs.
    expect(gaps.map(lasted)[0]).toBeCloseTo(clock.now() - 12_000, -2);
  });

  it('has a longer gap where the primary has changed: others may have gone there first', async () => {
    const { clock, gaps, now, watch, pass } = setUp();
    await pass(1_000);
    now.generation = 2;
    watch.unlinked(link, 'cut');
    watch.linked();
    await clock.advance(5);
    // Dates are of the real calendar, which goes on while this runs.
    expect(gaps.map(lasted)[0]).toBeCloseTo(clock.now() - 7_000, -2);
  });

  it('that breaks again before it is whole has one gap', async () => {
    const { clock, gaps, now, watch, pass } = setUp();
    await pass(1_000);
    watch.unlinked(link, 'first');
    now.answers = false;
    watch.linked();
    watch.unlinked({ ...link, since: clock.now() }, 'second');
    now.answers = true;
    watch.linked();
    await clock.advance(5);
    expect(gaps).toMatchObject([{ reason: 'first' }]);
    // Dates are of the real calendar, which goes on while this runs.
    expect(gaps.map(lasted)[0]).toBeCloseTo(clock.now() - 10_000, -2);
  });

  it('that began after the last look counts from the connection it was made on', async () => {
    const { clock, gaps, watch } = setUp();
    watch.unlinked(link, 'cut');
    watch.linked();
    await clock.advance(5);
    // Dates are of the real calendar, which goes on while this runs.
    expect(gaps.map(lasted)[0]).toBeCloseTo(clock.now() - 9_000, -2);
  });

  it('whose first pulse was never answered has a gap from the last look before it was made', async () => {
    const { clock, gaps, now, watch, pass } = setUp();
    Object.assign(now, { subscribed: false, answers: false });
    await pass(1_000);
    now.subscribed = true;
    await pass(3_000);
    watch.unlinked(link, 'cut');
    now.answers = true;
    watch.linked();
    await clock.advance(5);
    expect(gaps.map(lasted)[0]).toBeCloseTo(clock.now() - 10_875, -2);
  });

  it('is not asked while a PING would be part of something else, and is as soon as it is not', async () => {
    const { gaps, now, watch, pass } = setUp();
    now.mayPing = false;
    await pass(3_000);
    watch.unlinked(link, 'cut');
    watch.linked();
    await pass(1_000);
    expect([now.pings, gaps]).toEqual([0, []]);
    now.mayPing = true;
    await pass(250);
    expect(gaps).toHaveLength(1);
  });

  it('that was given up, or never was, tells nothing', async () => {
    const { clock, gaps, now, watch, pass } = setUp();
    await pass(1_000);
    now.subscribed = false;
    await pass(2_000);
    watch.unlinked(link, 'cut');
    watch.linked();
    await clock.advance(1_000);
    expect(now.pings).toBe(1);
    expect(gaps).toEqual([]);
  });

  it('that was let go while its connection was down leaves nothing behind', async () => {
    const { gaps, now, watch, pass } = setUp();
    await pass(2_000);
    watch.unlinked(link, 'cut');
    now.subscribed = false;
    watch.linked();
    await pass(1_000);
    const { pings } = now;
    await pass(5_000);
    expect(now.pings).toBe(pings);
    now.subscribed = true;
    await pass(5_000);
    expect(gaps).toEqual([]);
  });
});
