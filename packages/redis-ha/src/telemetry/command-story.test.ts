import { ManualClock } from '@steadfast/shared/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { DriverCommand } from '../commands/command.ts';
import { commandChannel } from './channels.ts';
import { CommandStory, type CommandStep } from './command-story.ts';

const command = { name: 'incr', args: ['secret'] } as unknown as DriverCommand;
const heard: CommandStep[] = [];
const listener = (step: unknown): void => void heard.push(step as CommandStep);

afterEach(() => {
  commandChannel.unsubscribe(listener);
  heard.length = 0;
});

describe('CommandStory', () => {
  it('tells the steps of a command, for how long it waited, and none of its arguments', async () => {
    const clock = new ManualClock();
    const story = new CommandStory(clock);
    commandChannel.subscribe(listener);
    const cause = new Error('cut');
    story.parked(command, true);
    await clock.advance(30);
    story.sent(command);
    story.again(command, 'unknown', cause);
    await clock.advance(20);
    const expired = Object.assign(new Error('late'), { outcome: 'unknown' } as const);
    story.expired(command, expired);
    expect(heard).toEqual([
      { name: 'incr', step: 'parked', held: true },
      { name: 'incr', step: 'sent', waitedMs: 30 },
      { name: 'incr', step: 'again', outcome: 'unknown', error: cause },
      { name: 'incr', step: 'expired', outcome: 'unknown', error: expired, waitedMs: 20 },
    ]);
    expect(JSON.stringify(heard)).not.toContain('secret');
  });

  it('counts whether or not anybody listens', () => {
    const story = new CommandStory(new ManualClock());
    story.again(command, 'rejected', new Error('READONLY'));
    story.again(command, 'rejected', new Error('READONLY'));
    story.expired(command, { outcome: 'notSent' });
    expect(story.retries).toMatchObject({ rejected: 2, unknown: 0 });
    expect(story.expiries).toBe(1);
    expect(heard).toEqual([]);
  });
});
