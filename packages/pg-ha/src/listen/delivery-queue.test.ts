import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import { quoteChannel } from './channel-name.ts';
import { DeliveryQueue } from './delivery-queue.ts';

interface Setup {
  clock: ManualClock;
  queue: DeliveryQueue<number>;
  seen: unknown[];
  /** lets the handler go on */
  release: () => Promise<void>;
}

/** A handler that notes what it gets; one that is slow waits to be released after each. */
function setup({ slow = false, limit = 3, fails = -1 } = {}): Setup {
  const clock = new ManualClock();
  const seen: unknown[] = [];
  const held: (() => void)[] = [];
  const queue = new DeliveryQueue<number>({
    clock,
    limit,
    deliver(message) {
      seen.push(message);
      if (message === fails) throw new Error('the handler failed');
      return slow ? new Promise<void>((resolve) => held.push(resolve)) : undefined;
    },
    dropped: (count, from, to) => seen.push(`${count} dropped from ${from} to ${to}`),
    failed: (error) => seen.push((error as Error).message),
  });
  const release = async (): Promise<void> => {
    held.shift()?.();
    await clock.advance(0);
  };
  return { clock, queue, seen, release };
}

describe('deliveries to one handler', () => {
  it('come at once and in order', () => {
    const { queue, seen } = setup();
    for (const n of [1, 2, 3, 4, 5]) queue.push(n);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it('wait until the one before has settled', async () => {
    const { queue, seen, release } = setup({ slow: true });
    queue.push(1);
    queue.push(2);
    expect(seen).toEqual([1]);
    await release();
    expect(seen).toEqual([1, 2]);
  });

  it('go on after one that failed', async () => {
    const { clock, queue, seen } = setup({ fails: 1 });
    queue.push(1);
    queue.push(2);
    await clock.advance(0);
    expect(seen).toEqual([1, 'the handler failed', 2]);
  });

  it('are dropped where too many wait, and the drop is told in its place', async () => {
    const { clock, queue, seen, release } = setup({ slow: true });
    for (const n of [1, 2, 3, 4]) queue.push(n); // one is being handled, three wait
    await clock.advance(10);
    queue.push(5);
    await clock.advance(10);
    queue.push(6);
    await release();
    queue.push(7); // there is room again
    for (let n = 0; n < 6; n++) await release();
    expect(seen).toEqual([1, 2, 3, 4, '2 dropped from 10 to 20', 7]);
  });

  it('end when it is closed', async () => {
    const { queue, seen, release } = setup({ slow: true });
    queue.push(1);
    queue.push(2);
    queue.close();
    await release();
    expect(seen).toEqual([1]);
  });
});

describe('a channel’s name', () => {
  const rows: [name: string, sql: string][] = [
    ['jobs', '"jobs"'],
    ['Jobs done', '"Jobs done"'],
    ['a"; DROP TABLE x; --', '"a""; DROP TABLE x; --"'],
    ['é'.repeat(31), `"${'é'.repeat(31)}"`],
  ];
  it.each(rows)('%s is quoted', (name, sql) => {
    expect(quoteChannel(name)).toBe(sql);
  });

  it.each(['', 'x'.repeat(64), 'é'.repeat(32), 'a\0b', undefined, 7])('%j is refused', (name) => {
    expect(() => quoteChannel(name)).toThrow(/^the channel is .*; allowed: a name of 1 to 63 bytes$/);
  });
});
