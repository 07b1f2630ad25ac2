import { describe, expect, it } from 'vitest';
import { blockingMs, shorten, waitsForData } from './blocking.ts';
import type { DriverCommand } from './command.ts';

describe('how long a command may block', () => {
  it.each<[string, number | undefined]>([
    ['get k', undefined],
    ['BLPOP k 0.5', 500],
    ['blpop k 0', Infinity],
    ['blmovem a b LEFT RIGHT 2 COUNT 3', 2_000],
    ['bzmpop 3 1 k MIN', 3_000],
    ['xread COUNT 1 STREAMS k 0', undefined],
    ['xread COUNT 1 block 250 STREAMS k $', 250],
    ['xread block 0 STREAMS k $', Infinity],
    ['xreadgroup GROUP g c STREAMS block >', undefined],
    ['wait 1 100', 100],
    ['waitaof 1 1 100', 100],
    ['monitor', Infinity],
  ])('%s: %s ms', (words, ms) => {
    const [name = '', ...args] = words.split(' ');
    expect(blockingMs({ name, args } as unknown as DriverCommand)).toBe(ms);
  });

  it('reads Buffers and numbers as well', () => {
    const of = (...args: unknown[]): number | undefined =>
      blockingMs({ name: 'blpop', args } as unknown as DriverCommand);
    expect([of('k', Buffer.from('2')), of('k', 3)]).toEqual([2_000, 3_000]);
  });
});

describe('a blocking command that is sent again', () => {
  it.each<[string, number, boolean, string]>([
    ['blpop k 5', 2_000, true, 'k 3'],
    ['blpop k 5', 5_000, false, 'k 5'],
    ['blpop k 0', 60_000, true, 'k 0'],
    ['bzmpop 3 1 k MIN', 500, true, '2.5 1 k MIN'],
    ['xreadgroup GROUP g c BLOCK 250 STREAMS k >', 100, true, 'GROUP g c BLOCK 150 STREAMS k >'],
    ['get k', 100, true, 'k'],
  ])('%s after %i ms', (words, byMs, goesOn, args) => {
    const [name = '', ...given] = words.split(' ');
    const command = { name, args: given } as unknown as DriverCommand;
    expect(shorten(command, byMs)).toBe(goesOn);
    expect(command.args.join(' ')).toBe(args);
  });

  it('waits for data; WAIT, MONITOR and an XREAD without BLOCK do not', () => {
    const waits = (words: string): boolean => {
      const [name = '', ...args] = words.split(' ');
      return waitsForData({ name, args } as unknown as DriverCommand);
    };
    expect(['BLPOP k 0', 'xread block 0 streams k $'].map(waits)).toEqual([true, true]);
    expect(['wait 1 0', 'monitor', 'xread streams k 0', 'get k'].map(waits)).not.toContain(true);
  });
});
