import { RetryBudget } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { DriverCommand } from '../commands/command.ts';
import { markInside } from '../commands/transaction-mark.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import { readSettings } from '../options/settings.ts';
import { CommandStory } from '../telemetry/command-story.ts';
import { Parking } from './parking.ts';

const LOST = new Error('the link ended');

function transaction(key: string): DriverCommand[] {
  return [['multi'], ['set', key, '1'], ['exec']].map(([name, ...args], pipelineIndex) => {
    const command = { name, args, pipelineIndex, promise: Promise.resolve() } as unknown as DriverCommand;
    if (name === 'set') markInside(command);
    return command;
  });
}

describe('transactions that were in flight when a link ended', () => {
  it('keep a deadline each, which is one for all their commands', async () => {
    const clock = new ManualClock();
    const settings = readSettings({ clock, env: {}, failoverWaitMs: 2_500 });
    const group = { budget: new RetryBudget(clock, { capacity: 10, perSecond: 1 }) };
    const parking = new Parking({
      settings,
      group: () => group as unknown as ReplicationGroup,
      story: new CommandStory(clock),
      quitExpired: () => undefined,
      left: () => undefined,
      stepLost: () => undefined,
    });
    const all: DriverCommand[][] = [];
    for (const key of ['a', 'b', 'c']) {
      const unit = transaction(key);
      all.push(unit);
      for (const command of unit) parking.began(command);
      await clock.advance(500);
    }
    // All are judged first, and put back then.
    for (const [multi] of all) expect(parking.mayRepeat(multi as DriverCommand, 'unknown', 0)).toBe(true);
    for (const command of all.flat()) parking.putBack(command, 'unknown', LOST, 0);
    const tickets = [...parking.tickets];
    expect(tickets.map(({ unit }) => unit)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
    expect(tickets.map(({ deadline }) => deadline)).toEqual([
      ...[2_500, 2_500, 2_500],
      ...[3_000, 3_000, 3_000],
      ...[3_500, 3_500, 3_500],
    ]);
  });
});
