import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { DriverCommand } from './command.ts';
import { ParkedQueue, type Ticket } from './parked-queue.ts';

function setUp(): {
  clock: ManualClock;
  queue: ParkedQueue;
  expired: string[];
  ticket: (name: string, ms: number) => Ticket;
} {
  const clock = new ManualClock();
  const expired: string[] = [];
  const queue = new ParkedQueue(clock, (tickets) => expired.push(...tickets.map((one) => one.command.name)));
  const ticket = (name: string, ms: number): Ticket => ({
    command: { name } as DriverCommand,
    bytes: 100,
    db: 0,
    deadline: clock.now() + ms,
    own: false,
    unit: undefined,
    step: false,
    attempts: 0,
    outcome: 'notSent',
    cause: undefined,
  });
  return { clock, queue, expired, ticket };
}

describe('parked commands', () => {
  it('go in order, those that were sent before first', () => {
    const { queue, ticket } = setUp();
    queue.add(ticket('a', 10));
    queue.addAgain(ticket('b', 10));
    queue.add(ticket('c', 10));
    queue.addAgain(ticket('d', 10));
    expect(queue.takeAll().map((one) => one.command.name)).toEqual(['b', 'd', 'a', 'c']);
    expect(queue.size).toBe(0);
  });

  it('come behind what ioredis subscribes to again by itself: what is let go must not come back', () => {
    const { queue, ticket } = setUp();
    const own = { ...ticket('subscribe', Infinity), own: true };
    queue.addAgain(ticket('unsubscribe', 10));
    queue.add(own);
    expect([...queue].map((one) => one.command.name)).toEqual(['subscribe', 'unsubscribe']);
    queue.remove(own);
    queue.addAgain(own);
    expect(queue.has(own)).toBe(true);
    expect(queue.takeAll().map((one) => one.command.name)).toEqual(['subscribe', 'unsubscribe']);
    expect([queue.size, queue.bytes]).toEqual([0, 0]);
  });

  it('leave at their own deadlines, whatever the order they came in, with one timer', async () => {
    const { clock, queue, expired, ticket } = setUp();
    queue.add(ticket('late', 100));
    queue.addAgain(ticket('soon', 20));
    queue.add(ticket('middle', 50));
    expect(clock.pending).toBe(1);
    await clock.advance(20);
    expect(expired).toEqual(['soon']);
    await clock.advance(30);
    expect(expired).toEqual(['soon', 'middle']);
    await clock.advance(50);
    expect(expired).toEqual(['soon', 'middle', 'late']);
    expect([queue.size, clock.pending]).toEqual([0, 0]);
  });

  it('may be removed while they are looked through, and leave no timer behind', async () => {
    const { clock, queue, expired, ticket } = setUp();
    for (const name of ['a', 'b', 'c']) queue.add(ticket(name, 10));
    for (const one of queue) queue.remove(one);
    expect([queue.size, clock.pending]).toEqual([0, 0]);
    await clock.advance(20);
    expect(expired).toEqual([]);
  });
});
