import { describe, expect, it } from 'vitest';
import { blockingMs } from './blocking.ts';
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
