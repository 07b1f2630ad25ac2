import { describe, expect, it } from 'vitest';
import { isCalledBack } from '../commands/called-back.ts';
import type { DriverCommand } from '../commands/command.ts';
import type { Dialer } from '../dial/dialer.ts';
import type { DriverInternals } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import { ErrorReply, type Reply } from '../wire/reply.ts';
import { CallBack } from './call-back.ts';

const command = (words: string): DriverCommand => {
  const [name = '', ...args] = words.split(' ');
  return { name, args } as unknown as DriverCommand;
};
const unblocked = new Error('UNBLOCKED client unblocked via CLIENT UNBLOCK');

/** A connection with commands in flight, and a server that answers the question of the side line when told to. */
function setUp(...inFlight: DriverCommand[]) {
  const queue = inFlight.map((each) => ({ command: each, select: 0 }));
  const asked: unknown[] = [];
  let answer: (reply: Reply | Error) => void = () => undefined;
  const ask = (_: unknown, commands: unknown, address?: string): Promise<Reply[]> => {
    // The number is one of that server's, not of another behind the same name.
    expect(address).toBe('192.0.2.1');
    asked.push(commands);
    return new Promise((resolve, reject) => {
      answer = (reply) => (reply instanceof Error ? reject(reply) : resolve([reply]));
    });
  };
  const hold = { holding: false };
  const log = { debug: () => undefined, warn: () => undefined };
  const dialer = {
    link: { clientId: 7, endpoint: { host: 'h', port: 1 }, socket: { remoteAddress: '192.0.2.1' } },
  };
  const commandQueue = {
    get length() {
      return queue.length;
    },
    peekFront: () => queue[0],
  };
  const callBack = new CallBack({
    group: () => ({ side: { ask }, log, hold }) as unknown as ReplicationGroup,
    dialer: dialer as unknown as Dialer,
    driver: { commandQueue } as unknown as DriverInternals,
    checkMs: 1_000,
  });
  return {
    callBack,
    asked,
    queue,
    hold: (): void => {
      hold.holding = true;
      callBack.hold();
    },
    answer: async (reply: Reply | Error): Promise<void> => {
      answer(reply);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('a blocked command that is called back', () => {
  it('is asked for by the number of its connection, when it has blocked for long, and once', () => {
    const head = command('blpop k 0');
    const { callBack, asked } = setUp(head);
    callBack.look(head, 0, 999);
    expect(asked).toEqual([]);
    callBack.look(head, 0, 1_000);
    callBack.look(head, 0, 2_000);
    expect(asked).toEqual([[['CLIENT', 'UNBLOCK', 7, 'ERROR']]]);
  });

  it.each<[string, Reply | Error, { calledBack: boolean; due: boolean }]>([
    ['says that it was blocked: nothing was taken', 1, { calledBack: true, due: true }],
    ['says that it was not: its answer is due, whatever it is', 0, { calledBack: false, due: true }],
    ['cannot be asked: an answer is due all the same', new Error('no'), { calledBack: false, due: true }],
    ['does not let us', new ErrorReply('NOPERM no'), { calledBack: false, due: false }],
  ])('where the server %s', async (_, reply, expected) => {
    const head = command('blpop k 0');
    const { callBack, answer } = setUp(head);
    callBack.look(head, 0, 1_000);
    await answer(reply);
    expect({ calledBack: isCalledBack(head), due: callBack.isDue(head) }).toEqual(expected);
  });

  it('is asked for again while writes are held, where it was still on its way or another was before it', async () => {
    const [read, head] = [command('get k'), command('blpop k 0')];
    const { callBack, asked, answer, hold, queue } = setUp(read, head);
    hold();
    expect(asked).toEqual([]);
    queue.shift();
    callBack.look(head, 0, 100);
    await answer(0);
    expect([asked.length, callBack.isDue(head)]).toEqual([1, false]);
    callBack.look(head, 0, 200);
    await answer(1);
    expect([asked.length, isCalledBack(head)]).toEqual([2, true]);
  });

  it('proves nothing where another may be the one that was blocked', async () => {
    const [head, next] = [command('blpop k 0'), command('blpop l 0')];
    const { answer, hold } = setUp(head, next);
    hold();
    await answer(1);
    expect(isCalledBack(head)).toBe(false);
  });

  it('takes the error that comes of it for its own, once, also where that is there first', async () => {
    const head = command('blpop k 0');
    const { callBack, answer, hold } = setUp(head);
    expect(callBack.claims(unblocked)).toBe(false);
    hold();
    expect(callBack.claims(new Error('ERR other'))).toBe(false);
    expect(callBack.claims(unblocked)).toBe(true);
    expect(callBack.claims(unblocked)).toBe(false);
    await answer(1);
    expect({ calledBack: isCalledBack(head), due: callBack.isDue(head) }).toEqual({
      calledBack: false,
      due: false,
    });
  });

  it.each([
    ['xread BLOCK 0 STREAMS s $', 0],
    ['xread BLOCK 0 STREAMS s 5-0', 1],
    ['xreadgroup GROUP g c BLOCK 0 STREAMS s >', 1],
  ])('%s is called back in time only where nothing is skipped by it: %i', (words, times) => {
    const head = command(words);
    const { callBack, asked } = setUp(head);
    callBack.look(head, 0, 1_000);
    expect(asked).toHaveLength(times);
  });

  it.each(['xread BLOCK 0 STREAMS s $', 'get k', 'wait 1 0'])('is never %s for a hold', (words) => {
    const { asked, hold } = setUp(command(words));
    hold();
    expect(asked).toEqual([]);
  });
});
