import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { DriverCommand } from '../commands/command.ts';
import type { Dialer } from '../dial/dialer.ts';
import type { DriverInternals } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import { ErrorReply, type Reply } from '../wire/reply.ts';
import { LateAnswers } from './late-answers.ts';

const info = (role: string, id: string, offset: number, former = ['0', -1]): string =>
  [`role:${role}`, `master_replid:${id}`, `master_replid2:${former[0]}`, `master_repl_offset:${offset}`]
    .concat(`second_repl_offset:${former[1]}`)
    .join('\r\n');
const MASTER = info('master', 'one', 100);
/** A round that a test lets pass: promises, no timers. */
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(words: string, master: Reply | Error, replica: () => Reply | Error) {
  const told: unknown[] = [];
  const [name = '', ...args] = words.split(' ');
  const command = { name, args, resolve: (value: unknown) => told.push(value) } as unknown as DriverCommand;
  const link = { endpoint: { host: 'a', port: 1 }, socket: { remoteAddress: '192.0.2.1' } };
  const hold: { replica: unknown } = { replica: { host: 'b', port: 1 } };
  const clock = new ManualClock();
  const answer = (reply: Reply | Error): Promise<Reply[]> =>
    reply instanceof Error ? Promise.reject(reply) : Promise.resolve([reply]);
  const group = {
    hold,
    settings: { clock },
    side: { ask: () => answer(master) },
    replicaSide: { ask: () => answer(replica()) },
  };
  const dialer: { link: unknown } = { link };
  const late = new LateAnswers({
    group: () => group as unknown as ReplicationGroup,
    dialer: dialer as unknown as Dialer,
    driver: { commandQueue: { toArray: () => [{ command, select: 0 }] } } as unknown as DriverInternals,
    unproven: (items) => told.push(`unproven ${items.map((item) => item.command.name).join()}`),
  });
  return { late, command, told, clock, hold, dialer };
}

describe('the answer to a write that was in flight when a failover was announced', () => {
  it.each<[string, string, Reply | Error, Reply | Error]>([
    ['is given where the replica is as far', 'given', MASTER, info('slave', 'one', 100)],
    ['is given where the promoted one was as far', 'given', MASTER, info('master', 'two', 120, ['one', 101])],
    [
      'is not where the promoted one was not',
      'unproven incr',
      MASTER,
      info('master', 'two', 120, ['one', 100]),
    ],
    [
      'is not where the master has been made a replica',
      'unproven incr',
      info('slave', 'two', 9),
      info('master', 'two', 9),
    ],
    ['is not where the replica cannot be asked', 'unproven incr', MASTER, new Error('gone')],
    ['is not where the replica is loading', 'unproven incr', MASTER, new ErrorReply('LOADING it is')],
    ['is not where the master is gone', 'unproven incr', new Error('gone'), info('slave', 'one', 100)],
    ['is given where neither may be asked', 'given', new ErrorReply('NOPERM no'), MASTER],
  ])('%s', async (_, expected, master, replica) => {
    const { late, command, told } = setUp('incr n', master, () => replica);
    late.hold();
    late.hold();
    command.resolve('given');
    expect([told, late.size]).toEqual([[], 1]);
    await soon();
    expect([told, late.size]).toEqual([[expected], 0]);
  });

  it('waits for a replica that is behind, for a second at most', async () => {
    let offset = 90;
    const { late, command, told, clock } = setUp('incr n', MASTER, () => info('slave', 'one', offset));
    late.hold();
    command.resolve('given');
    await clock.advance(100);
    expect(told).toEqual([]);
    offset = 100;
    await clock.advance(10);
    expect(told).toEqual(['given']);
  });

  it('is unproven where the replica stays behind', async () => {
    const { late, command, told, clock } = setUp('incr n', MASTER, () => info('slave', 'one', 90));
    late.hold();
    command.resolve('given');
    await clock.advance(1_100);
    expect([told, clock.pending]).toEqual([['unproven incr'], 0]);
  });

  it.each(['get k', 'ping', 'multi', 'select 1'])('is given at once to %s', (words) => {
    const { late, command, told } = setUp(words, MASTER, () => MASTER);
    late.hold();
    command.resolve('given');
    expect(told).toEqual(['given']);
  });

  it('is given at once when the failover has come to nothing, and by another master', () => {
    const aborted = setUp('incr n', MASTER, () => MASTER);
    aborted.late.hold();
    aborted.hold.replica = undefined;
    aborted.command.resolve('given');
    const moved = setUp('incr n', MASTER, () => MASTER);
    moved.late.hold();
    moved.dialer.link = {};
    moved.command.resolve('given');
    expect([...aborted.told, ...moved.told]).toEqual(['given', 'given']);
  });
});
