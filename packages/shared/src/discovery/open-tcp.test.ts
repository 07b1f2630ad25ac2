import { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { openTcp } from './open-tcp.ts';

let clock: ManualClock;
let made: Socket[];
let end: AbortController;

function open(alone?: boolean): Promise<Socket> {
  const connect = (): Socket => {
    const socket = new Socket();
    made.push(socket);
    return socket;
  };
  return openTcp({ address: { host: 'a', port: 1 }, clock, signal: end.signal, alone, connect });
}

const standing = (): number[] => made.flatMap((socket, n) => (socket.destroyed ? [] : [n]));

beforeEach(() => {
  [clock, made, end] = [new ManualClock(), [], new AbortController()];
});

describe('openTcp', () => {
  it('makes one socket where it gets an answer soon, and leaves no timer', async () => {
    const opened = open();
    await clock.advance(99);
    made[0]?.emit('connect');
    expect(await opened).toBe(made[0]);
    expect([made.length, clock.pending]).toEqual([1, 0]);
  });

  it('has five sockets at most, each for a tenth of a second, and the first for as long as it takes', async () => {
    const opened = open();
    await clock.advance(75);
    for (let knocks = 1; knocks <= 20; knocks++) {
      await clock.advance(25);
      const beside = [knocks - 3, knocks - 2, knocks - 1, knocks].filter((n) => n > 0);
      expect(standing()).toEqual([0, ...beside]);
    }
    made[0]?.emit('connect');
    expect(await opened).toBe(made[0]);
    expect([standing(), clock.pending]).toEqual([[0], 0]);
  });

  it('has one socket where it is to be alone', async () => {
    const opened = open(true);
    await clock.advance(5_000);
    expect([standing(), clock.pending]).toEqual([[0], 0]);
    made[0]?.emit('connect');
    expect(await opened).toBe(made[0]);
  });

  it('is through 25 ms after the way has healed, not with the next packet of the first', async () => {
    const opened = open();
    await clock.advance(1_040);
    const healed = made.length;
    await clock.advance(25);
    expect(made.length).toBe(healed + 1);
    made[healed]?.emit('connect');
    expect(await opened).toBe(made[healed]);
    expect([standing(), clock.pending]).toEqual([[healed], 0]);
  });

  it.each([
    ['first', 0],
    ['second', 1],
  ])('takes a refusal of the %s for the answer', async (_name, n) => {
    const opened = open();
    await clock.advance(150);
    made[n]?.emit('error', new Error('refused'));
    await expect(opened).rejects.toThrow('refused');
    expect([standing(), clock.pending]).toEqual([[], 0]);
  });

  it('knocks at many no more often than at four, and has no more sockets for it', async () => {
    const opened = Array.from({ length: 8 }, () => open());
    await clock.advance(1_000);
    const before = made.length;
    let most = 0;
    for (let ms = 0; ms < 1_000; ms += 5) {
      await clock.advance(5);
      most = Math.max(most, standing().length);
    }
    expect(made.length - before).toBe(160);
    expect(most).toBe(8 * 3);
    end.abort(new Error('late'));
    expect(await Promise.allSettled(opened)).toMatchObject(opened.map(() => ({ status: 'rejected' })));
    expect([standing(), clock.pending]).toEqual([[], 0]);
  });

  it('knocks at all others as soon as one of them answers', async () => {
    const opened = Array.from({ length: 8 }, () => open());
    await clock.advance(1_010);
    const before = made.length;
    made.findLast((socket) => !socket.destroyed)?.emit('connect');
    expect(made.length).toBe(before + 7);
    made.slice(before).forEach((socket) => socket.emit('connect'));
    expect(await Promise.all(opened)).toHaveLength(8);
    expect([standing().length, clock.pending]).toEqual([8, 0]);
  });

  it('ends every socket when it is given up, with the reason given', async () => {
    const opened = open();
    await clock.advance(150);
    end.abort(new Error('late'));
    await expect(opened).rejects.toThrow('late');
    expect([standing(), clock.pending]).toEqual([[], 0]);
    await expect(open()).rejects.toThrow('late');
    expect(made.length).toBe(4);
  });
});
