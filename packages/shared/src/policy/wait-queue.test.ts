import { describe, expect, it, vi } from 'vitest';
import { HaError } from '../errors/ha-error.ts';
import { Deadline } from '../runtime/deadline.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { WaitQueue } from './wait-queue.ts';

const expired = (): HaError => new HaError('HA_NO_PRIMARY', 'too late', { outcome: 'notSent' });

function setup(limit = 10): {
  clock: ManualClock;
  queue: WaitQueue<string>;
  wait: (ms: number, signal?: AbortSignal) => Promise<string>;
} {
  const clock = new ManualClock();
  const queue = new WaitQueue<string>(clock, limit, 'a primary');
  return {
    clock,
    queue,
    wait: (ms, signal) => queue.wait({ deadline: Deadline.after(clock, ms), signal, expired }),
  };
}

describe('WaitQueue', () => {
  it('lets everybody go on in the order they came', async () => {
    const { queue, wait } = setup();
    const order: number[] = [];
    const waits = [1, 2, 3].map((n) => wait(100).then(() => order.push(n)));
    queue.releaseAll('x');
    await Promise.all(waits);
    expect(order).toEqual([1, 2, 3]);
    expect(queue.size).toBe(0);
  });

  it('lets a crowd go in turns, so that the first is served before the last goes on', async () => {
    const { clock, queue, wait } = setup(1_000);
    let gone = 0;
    const waits = Array.from({ length: 250 }, () => wait(100).then(() => (gone += 1)));
    queue.releaseAll('x');
    await waits[0];
    expect(gone).toBe(10);
    const late = wait(50);
    const failed = expect(late).rejects.toMatchObject({ code: 'HA_NO_PRIMARY' });
    await clock.advance(5);
    expect(gone).toBe(110);
    await clock.advance(10);
    await Promise.all(waits);
    expect(queue.size).toBe(1); // who came after the release waits for the next one
    await clock.advance(50);
    await failed;
  });

  it('closes upon those whose turn has not come', async () => {
    const { clock, queue, wait } = setup(1_000);
    const waits = Array.from({ length: 150 }, () => wait(100));
    queue.releaseAll('x');
    queue.rejectAll(() => new HaError('HA_CLOSED', 'closed', { outcome: 'notSent' }));
    const ends = await Promise.allSettled(waits);
    expect(ends.filter(({ status }) => status === 'fulfilled').length).toBe(10);
    await clock.advance(10);
    expect(clock.pending).toBe(0);
  });

  it('ends a wait at its own deadline and leaves the others', async () => {
    const { clock, queue, wait } = setup();
    const short = wait(10);
    const long = wait(100);
    const failed = expect(short).rejects.toMatchObject({ code: 'HA_NO_PRIMARY', outcome: 'notSent' });
    await clock.advance(10);
    await failed;
    expect(queue.size).toBe(1);
    queue.releaseAll('x');
    await expect(long).resolves.toBe('x');
    expect(clock.pending).toBe(0);
  });

  it('refuses more than its limit at once, and says so', async () => {
    const { queue, wait } = setup(2);
    const waits = [wait(10), wait(10)];
    await expect(wait(10)).rejects.toMatchObject({
      code: 'HA_QUEUE_FULL',
      message: '2 calls are waiting for a primary already; shed load, or raise maxWaiting',
      outcome: 'notSent',
    });
    queue.releaseAll('x');
    await Promise.all(waits);
  });

  it('ends a wait by its caller’s signal, before or while it waits', async () => {
    const { clock, wait } = setup();
    const before = AbortSignal.abort('gone');
    await expect(wait(10, before)).rejects.toMatchObject({
      code: 'HA_ABORTED',
      message: 'aborted while waiting for a primary',
      outcome: 'notSent',
      cause: 'gone',
    });
    const during = new AbortController();
    const waiting = wait(10, during.signal);
    during.abort('left');
    await expect(waiting).rejects.toMatchObject({ code: 'HA_ABORTED', cause: 'left' });
    expect(clock.pending).toBe(0);
  });

  it('can end every wait with an error', async () => {
    const { queue, wait } = setup();
    const waits = [wait(10), wait(10)];
    queue.rejectAll(() => new HaError('HA_CLOSED', 'closed', { outcome: 'notSent' }));
    expect(queue.size).toBe(0);
    for (const waiting of waits) await expect(waiting).rejects.toMatchObject({ code: 'HA_CLOSED' });
  });

  it('leaves nothing on a signal that outlives the wait, however it ends', async () => {
    const { clock, queue, wait } = setup();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const ends: (() => unknown)[] = [
      () => queue.releaseAll('x'),
      () => queue.rejectAll(() => new Error('closed')),
      () => clock.advance(10),
    ];
    for (const end of ends) {
      const waiting = wait(10, signal).catch(() => undefined);
      await end();
      await waiting;
      expect(removed.mock.lastCall).toEqual(added.mock.lastCall?.slice(0, 2));
    }
    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([3, 3]);
  });

  it('counts who left by the deadline, and nobody else', async () => {
    const { clock, queue, wait } = setup();
    const waits = [wait(10), wait(100)].map((waiting) => waiting.catch(() => undefined));
    await clock.advance(50);
    queue.releaseAll('x');
    await Promise.all(waits);
    expect(queue.expired).toBe(1);
  });
});
