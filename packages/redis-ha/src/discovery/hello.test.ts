import { applyObservation, emptyTopology } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { parseHello, replaces } from './hello.ts';

const A = { host: 'a', port: 1 };
const hello = (master: string, epoch: number, name = 'mymaster'): string =>
  `10.0.0.9,26379,abc,7,${name},${master},1,${epoch}`;

const following = [
  { kind: 'nomination', endpoint: A, epoch: 4, source: 's', at: 1 },
  { kind: 'self', endpoint: A, role: 'primary', at: 2 },
] as const;
const topology = following.reduce(applyObservation, emptyTopology('nominated', [], 0));

describe('the hello of a sentinel', () => {
  it('is read whole', () => {
    expect(parseHello(hello('b', 5), 'mymaster')).toEqual({
      sentinel: 'abc',
      master: { host: 'b', port: 1 },
      epoch: 5,
    });
  });

  it.each([
    hello('b', 5, 'other'),
    '',
    'a,b,c',
    `${hello('b', 5)},x`,
    hello('b', Number.NaN),
    hello('', 5),
    hello('b', -1),
    hello('b', 2 ** 53),
  ])('is not read: %s', (message) => {
    expect(parseHello(message, 'mymaster')).toBeUndefined();
  });

  it.each([
    ['another master under a higher epoch replaces ours', 'b', 5, true],
    ['under the same epoch it does not', 'b', 4, false],
    ['under a lower one it does not', 'b', 3, false],
    ['our own under a higher epoch is no other', 'a', 5, false],
  ])('%s', (_says, master, epoch, expected) => {
    expect(replaces({ sentinel: 's', master: { host: master, port: 1 }, epoch }, topology)).toBe(expected);
  });

  it('replaces nobody where nobody is followed', () => {
    expect(replaces({ sentinel: 's', master: A, epoch: 9 }, emptyTopology('nominated', [], 0))).toBe(false);
  });
});
