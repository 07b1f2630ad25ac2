import { describe, expect, it } from 'vitest';
import type { Call } from './history.ts';
import { checkMonotonic } from './monotonic.ts';
import { checkReadYourWrites } from './read-your-writes.ts';
import type { Verdict } from './verdict.ts';

interface Given {
  writer?: number;
  span: readonly [began: number, at: number];
  writes?: number;
  read?: number;
  failed?: true;
}

/** Calls a, b, c … */
function calls(...given: Given[]): Call[] {
  return given.map(({ writer = 0, span: [began, at], writes, read, failed }, index) => ({
    id: String.fromCodePoint(97 + index),
    writer,
    kind: 'session',
    deadlineMs: undefined,
    intent: writes === undefined ? {} : { writes },
    began,
    end: failed
      ? { as: 'unknown', at, error: 'x' }
      : { as: 'ok', at, epoch: undefined, value: read === undefined ? {} : { read } },
  }));
}

describe('reads of one session', () => {
  it.each<[string, Given[], boolean, Verdict, string[][]]>([
    [
      'rise',
      [
        { span: [0, 1], read: 1 },
        { span: [2, 3], read: 1 },
        { span: [4, 5], read: 2 },
      ],
      true,
      'valid',
      [],
    ],
    [
      'go back',
      [
        { span: [0, 1], read: 2 },
        { span: [2, 3], read: 1 },
      ],
      true,
      'invalid',
      [['a', 'b']],
    ],
    [
      'go back behind one that was slow',
      [
        { span: [0, 1], read: 2 },
        { span: [0, 9], read: 1 },
        { span: [10, 11], read: 1 },
      ],
      true,
      'invalid',
      [['a', 'c']],
    ],
    [
      'go back where servers lose',
      [
        { span: [0, 1], read: 2 },
        { span: [2, 3], read: 1 },
      ],
      false,
      'unknown',
      [['a', 'b']],
    ],
    [
      'overlap',
      [
        { span: [0, 5], read: 2 },
        { span: [4, 6], read: 1 },
        { span: [7, 8], read: 2 },
      ],
      true,
      'valid',
      [],
    ],
    [
      'are of two sessions',
      [
        { span: [0, 1], read: 2 },
        { span: [2, 3], read: 1, writer: 1 },
        { span: [4, 5], read: 1, writer: 1 },
      ],
      true,
      'valid',
      [],
    ],
    ['are too few to tell', [{ span: [0, 1], read: 2 }], true, 'unknown', []],
  ])('%s', (_, given, serversKeep, verdict, blamed) => {
    const report = checkMonotonic(calls(...given), { serversKeep });
    expect([report.verdict, report.anomalies.map((each) => each.calls)]).toEqual([verdict, blamed]);
  });
});

describe('what a session has written', () => {
  it.each<[string, Given[], boolean, Verdict, string[][]]>([
    [
      'is read',
      [
        { span: [0, 1], writes: 1 },
        { span: [2, 3], read: 1 },
      ],
      true,
      'valid',
      [],
    ],
    ['is read by the call itself', [{ span: [0, 1], writes: 1, read: 1 }], true, 'valid', []],
    ['may be followed by more', [{ span: [0, 1], writes: 1, read: 4 }], true, 'valid', []],
    ['is missed by the call itself', [{ span: [0, 1], writes: 1, read: 0 }], true, 'invalid', [['a']]],
    [
      'is missed later',
      [
        { span: [0, 1], writes: 1 },
        { span: [2, 3], read: 0 },
      ],
      true,
      'invalid',
      [['a', 'b']],
    ],
    [
      'is missed where servers lose',
      [
        { span: [0, 1], writes: 1 },
        { span: [2, 3], read: 0 },
      ],
      false,
      'unknown',
      [['a', 'b']],
    ],
    [
      'was not acknowledged yet',
      [
        { span: [0, 5], writes: 2 },
        { span: [0, 1], writes: 1 },
        { span: [2, 3], read: 1 },
      ],
      true,
      'valid',
      [],
    ],
    [
      'was never acknowledged',
      [
        { span: [0, 1], writes: 2, failed: true },
        { span: [2, 3], writes: 1, read: 1 },
      ],
      true,
      'valid',
      [],
    ],
    [
      'was written by another',
      [
        { span: [0, 1], writes: 2, writer: 1 },
        { span: [2, 3], writes: 1, read: 1 },
      ],
      true,
      'valid',
      [],
    ],
    ['is never read', [{ span: [0, 1], writes: 2 }], true, 'unknown', []],
  ])('%s', (_, given, serversKeep, verdict, blamed) => {
    const report = checkReadYourWrites(calls(...given), { serversKeep });
    expect([report.verdict, report.anomalies.map((each) => each.calls)]).toEqual([verdict, blamed]);
  });
});
