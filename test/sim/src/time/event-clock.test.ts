import { describe, expect, it } from 'vitest';
import { EventClock } from './event-clock.ts';

describe('EventClock', () => {
  it('runs what is due in the order of time, and of one instant in the order it was set', async () => {
    const clock = new EventClock();
    const share = clock.share();
    const seen: string[] = [];
    for (const [ms, name] of [
      [30, 'd'],
      [10, 'a'],
      [20, 'b'],
      [20, 'c'],
      [40, 'e'],
    ] as const)
      share.timer(ms, () => seen.push(`${name}${clock.now()}`));
    await clock.run(35);
    expect(seen).toEqual(['a10', 'b20', 'c20', 'd30']);
    expect([clock.now(), share.pending]).toEqual([35, 1]);
  });

  it('keeps its order whatever is set and cancelled', async () => {
    const clock = new EventClock();
    const share = clock.share();
    const due: number[] = [];
    const seen: number[] = [];
    for (let n = 0; n < 2_000; n++) {
      const ms = (n * 7_919) % 1_009;
      const timer = share.timer(ms, () => seen.push(ms));
      if (n % 3 === 0) timer.cancel();
      else due.push(ms);
    }
    await clock.run(2_000);
    expect(seen).toEqual(due.toSorted((a, b) => a - b));
    expect(share.pending).toBe(0);
  });

  it('lets promises settle before the next event, however long their chains', async () => {
    const clock = new EventClock();
    const share = clock.share();
    const seen: string[] = [];
    share.timer(1, () => {
      void (async () => {
        for (let turn = 0; turn < 200; turn++) await Promise.resolve();
        seen.push('chain');
      })();
    });
    share.timer(1, () => seen.push('next'));
    await clock.run(10);
    expect(seen).toEqual(['chain', 'next']);
  });

  it('holds back what is due for a party that is stalled, and nothing else', async () => {
    const clock = new EventClock();
    const [one, other] = [clock.share(), clock.share()];
    const seen: string[] = [];
    one.stalledUntil = 50;
    one.timer(10, () => seen.push(`one${clock.now()}`));
    other.timer(20, () => seen.push(`other${clock.now()}`));
    await clock.run(100);
    expect(seen).toEqual(['other20', 'one50']);
  });
});
