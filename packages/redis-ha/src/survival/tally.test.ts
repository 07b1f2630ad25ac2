import { Command } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { DriverCommand } from '../commands/command.ts';
import { markInside } from '../commands/transaction-mark.ts';
import { Tally } from './tally.ts';

const command = (name: string): DriverCommand => new Command(name, ['k']) as unknown as DriverCommand;

/** Every command is handed over twice, as ioredis does with some, and answered once. */
function count(...commands: DriverCommand[]): number {
  const tally = new Tally();
  for (const one of [...commands, ...commands]) tally.watch(one);
  for (const one of commands) one.resolve('OK');
  return tally.acknowledged;
}

describe('the tally of acknowledged writes', () => {
  it.each([
    ['set', 1],
    ['INCR', 1],
    ['evalsha', 1],
    ['get', 0],
    ['ping', 0],
    ['wait', 0],
    ['nosuchcommand', 0],
  ])('counts %s as %i', (name, expected) => {
    expect(count(command(name))).toBe(expected);
  });

  it('counts a transaction once, when it is executed', () => {
    const [multi, incr, exec] = ['multi', 'incr', 'exec'].map(command) as [
      DriverCommand,
      DriverCommand,
      DriverCommand,
    ];
    for (const one of [multi, incr, exec]) markInside(one);
    expect(count(multi, incr, exec)).toBe(1);
  });

  it('counts nothing that is rejected', async () => {
    const tally = new Tally();
    const one = command('set');
    tally.watch(one);
    one.reject(new Error('lost'));
    await expect(one.promise).rejects.toThrow('lost');
    expect(tally.acknowledged).toBe(0);
  });

  it('adds up what is in flight of all clients that have not left', () => {
    const tally = new Tally();
    const leave = tally.join(() => 2);
    tally.join(() => 3);
    expect(tally.inFlight).toBe(5);
    leave();
    expect(tally.inFlight).toBe(3);
  });
});
