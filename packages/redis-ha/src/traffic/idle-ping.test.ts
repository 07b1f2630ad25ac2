import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { Dialer } from '../dial/dialer.ts';
import { IdlePing } from './idle-ping.ts';

interface Bench {
  clock: ManualClock;
  socket: { bytesWritten: number };
  pings: (() => void)[];
  idle: IdlePing;
}

function bench(idlePingMs: number, mayPass = true): Bench {
  const clock = new ManualClock();
  const socket = { bytesWritten: 0 };
  const pings: (() => void)[] = [];
  const ping = (): Promise<void> => new Promise((resolve) => pings.push(resolve));
  const dialer = { link: { socket } } as unknown as Dialer;
  const idle = new IdlePing({ clock, idlePingMs, dialer, mayPass: () => mayPass, ping });
  idle.start();
  return { clock, socket, pings, idle };
}

describe('an idle link', () => {
  it('is pinged before it has been idle for the time given', async () => {
    const { clock, pings } = bench(100);
    await clock.advance(100);
    expect(pings).toHaveLength(1);
  });

  it('is not pinged again while a PING is unanswered, as behind a command that blocks', async () => {
    const { clock, pings } = bench(100);
    await clock.advance(1_000);
    expect(pings).toHaveLength(1);
    pings[0]?.();
    await clock.advance(100);
    expect(pings).toHaveLength(2);
  });

  it('is not pinged while something is written', async () => {
    const { clock, socket, pings } = bench(100);
    for (let n = 0; n < 20; n++) {
      socket.bytesWritten += 1;
      await clock.advance(50);
    }
    expect(pings).toHaveLength(0);
  });

  it('is not pinged inside a transaction, which the PING would become a part of', async () => {
    const { clock, pings } = bench(100, false);
    await clock.advance(1_000);
    expect(pings).toHaveLength(0);
  });

  it('is let alone where nobody asks for it, and once it has ended', async () => {
    const off = bench(0);
    await off.clock.advance(1_000_000);
    const ended = bench(100);
    ended.idle.stop();
    await ended.clock.advance(1_000);
    expect([off.pings, ended.pings, ended.clock.pending]).toEqual([[], [], 0]);
  });
});
