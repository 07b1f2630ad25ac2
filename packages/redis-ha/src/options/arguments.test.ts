import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

const url = 'redis://me:secret@u:1/3';
const rows: { given: unknown[]; options: object }[] = [
  { given: [], options: {} },
  { given: [{ db: 1 }], options: { db: 1 } },
  { given: [url], options: { url } },
  { given: [url, { keyPrefix: 'p' }], options: { url, keyPrefix: 'p' } },
  { given: [url, { host: 'x', port: 2, username: 'x', password: 'x', db: 9 }], options: { url } },
  { given: ['redis://u', { password: 'p', db: 9 }], options: { url: 'redis://u', password: 'p', db: 9 } },
  { given: ['redis://u?keyPrefix=a', { keyPrefix: 'b' }], options: { url: 'redis://u?keyPrefix=a' } },
  { given: [7000], options: { port: 7000 } },
  { given: [7000, { db: 1 }], options: { port: 7000, db: 1 } },
  { given: [7000, 'h'], options: { port: 7000, host: 'h' } },
  { given: [7000, 'h', { db: 1, host: 'x' }], options: { port: 7000, host: 'h', db: 1 } },
];

describe('the arguments of HaRedis', () => {
  it.each(rows)('$given', ({ given, options }) => {
    expect(readArguments(given)).toEqual(options);
  });

  it.each<[number, unknown[]]>([
    [2, [{}, { REDIS_URL: url }]],
    [2, [url, 'secret']],
    [3, [7000, 'h', 'secret']],
    [4, [7000, 'h', {}, {}]],
    [1, [true]],
    [1, [[]]],
  ])('argument %i is refused, and not shown: %o', (at, given) => {
    const read = (): unknown => readArguments(given);
    expect(read).toThrow(expect.objectContaining({ code: 'HA_CONFIG' }));
    expect(read).toThrow(new RegExp(`argument ${at} of HaRedis`));
    expect(read).not.toThrow(/secret/);
  });
});
