import { describe, expect, it } from 'vitest';
import { checkCounter } from './counter.ts';
import { checkDeadline } from './deadline.ts';
import { checkExactlyOnce } from './exactly-once.ts';
import { checkFencing } from './fencing.ts';
import type { Call, CallEnd } from './history.ts';
import { checkSet } from './set.ts';
import type { Verdict } from './verdict.ts';

const MS = 1_000_000;

interface Given {
  as: CallEnd['as'];
  began?: number;
  took?: number;
  deadlineMs?: number;
  epoch?: number;
}

/** Calls a, b, c … with times in ms. */
function calls(...given: Given[]): Call[] {
  return given.map(({ as, began = 0, took = 1, deadlineMs, epoch }, index) => ({
    id: String.fromCodePoint(97 + index),
    writer: 0,
    kind: 'work',
    deadlineMs,
    began: began * MS,
    end: endOf(as, (began + took) * MS, epoch),
  }));
}

function endOf(as: CallEnd['as'], at: number, epoch: number | undefined): CallEnd {
  if (as === 'ok') return { as, at, epoch };
  return as === 'open' ? { as } : { as, at, error: 'x' };
}

const [ok, fail, unknown, open]: Given[] = [{ as: 'ok' }, { as: 'fail' }, { as: 'unknown' }, { as: 'open' }];
const all = [ok, fail, unknown, open] as Given[];

describe('set', () => {
  it.each<[string, string[], boolean, Verdict, object]>([
    ['all is well', ['a'], true, 'valid', { ok: 1, recovered: 0 }],
    ['unknown and open calls may be there', ['a', 'c', 'd'], true, 'valid', { recovered: 2 }],
    ['an acknowledged one is gone', [], true, 'invalid', { lost: ['a'], ok: 0 }],
    ['it is gone from servers that promised nothing', [], false, 'unknown', { lost: ['a'] }],
    ['one is there twice', ['a', 'a'], true, 'invalid', { doubled: ['a'] }],
    ['an unknown one is there twice', ['a', 'c', 'c'], false, 'invalid', { doubled: ['c'] }],
    ['one that failed is there', ['a', 'b'], false, 'invalid', { unexpected: ['b'] }],
    ['there is one that nobody added', ['a', 'z'], false, 'invalid', { unexpected: ['z'] }],
  ])('%s', (_, found, serversKeep, verdict, report) => {
    expect(checkSet(calls(...all), found, { serversKeep })).toMatchObject({ verdict, ...report });
  });
});

it('a set, a counter and proven work of which nothing was acknowledged tell nothing', () => {
  const given = calls(fail as Given, unknown as Given);
  const options = { serversKeep: true };
  expect(checkSet(given, [], options).verdict).toBe('unknown');
  expect(checkCounter(given, 0, options).verdict).toBe('unknown');
  expect(checkExactlyOnce(given.slice(0, 1), new Map(), options).verdict).toBe('unknown');
});

describe('counter', () => {
  it.each<[number, boolean, Verdict, object]>([
    [1, true, 'valid', { least: 1, most: 3 }],
    [3, true, 'valid', {}],
    [0, true, 'invalid', { lost: 1 }],
    [0, false, 'unknown', { lost: 1 }],
    [4, false, 'invalid', { excess: 1 }],
  ])(
    'that is %i where 1 call was acknowledged and 2 may have been applied',
    (value, serversKeep, verdict, report) => {
      expect(checkCounter(calls(...all), value, { serversKeep })).toMatchObject({ verdict, ...report });
    },
  );
});

describe('exactly-once', () => {
  it.each<[string, Given[], Record<string, number>, boolean, Verdict, object]>([
    ['each once', [...all.slice(0, 2)], { a: 1 }, true, 'valid', { once: 1 }],
    ['an acknowledged one has no effect', [all[0] as Given], {}, true, 'invalid', { lost: ['a'] }],
    ['the same where servers promise nothing', [all[0] as Given], {}, false, 'unknown', { lost: ['a'] }],
    ['one has it twice', [all[0] as Given], { a: 2 }, true, 'invalid', { doubled: ['a'] }],
    ['one that failed has it', all.slice(0, 2), { a: 1, b: 1 }, true, 'invalid', { contradicted: ['b'] }],
    [
      'nobody called one',
      [all[0] as Given],
      { a: 1, ghost: 1 },
      true,
      'invalid',
      { contradicted: ['ghost'] },
    ],
    ['one does not know', all.slice(0, 3), { a: 1 }, true, 'invalid', { unresolved: ['c'] }],
    ['one has not ended', [all[0] as Given, all[3] as Given], { a: 1 }, true, 'unknown', { unresolved: [] }],
  ])('%s', (_, given, effects, serversKeep, verdict, report) => {
    const found = checkExactlyOnce(calls(...given), new Map(Object.entries(effects)), { serversKeep });
    expect(found).toMatchObject({ verdict, ...report });
  });
});

describe('deadline', () => {
  it.each<[string, Given, Verdict, number]>([
    ['in time', { as: 'ok', took: 100, deadlineMs: 100 }, 'valid', 0],
    ['within the grace', { as: 'fail', took: 149, deadlineMs: 100 }, 'valid', 0],
    ['late', { as: 'ok', took: 151, deadlineMs: 100 }, 'invalid', 1],
    ['late and failed', { as: 'fail', took: 9_000, deadlineMs: 100 }, 'invalid', 1],
    ['open past its deadline', { as: 'open', deadlineMs: 100 }, 'invalid', 1],
    ['open within its deadline', { as: 'open', deadlineMs: 99_000 }, 'unknown', 0],
    ['open without a deadline', { as: 'open' }, 'unknown', 0],
    ['slow without a deadline', { as: 'ok', took: 60_000 }, 'unknown', 0],
  ])('%s', (_, given, verdict, late) => {
    const report = checkDeadline(calls(given), 10_000 * MS);
    expect([report.verdict, report.late.length]).toEqual([verdict, late]);
  });
});

it('a call is not late by the time in which its process was not run, and by the rest it is', () => {
  const stalls = [{ from: 120 * MS, to: 190 * MS }];
  const verdict = (took: number): Verdict =>
    checkDeadline(calls({ as: 'ok', took, deadlineMs: 100 }), 10_000 * MS, stalls).verdict;
  expect([verdict(200), verdict(221)]).toEqual(['valid', 'invalid']);
});

describe('fencing', () => {
  it.each<[string, Given[], Verdict, string[]]>([
    [
      'the epoch rises',
      [
        { as: 'ok', epoch: 1 },
        { as: 'ok', epoch: 2, began: 5 },
      ],
      'valid',
      [],
    ],
    [
      'a call that was under way is answered by the old one',
      [
        { as: 'ok', epoch: 2, began: 5 },
        { as: 'ok', epoch: 1, began: 5, took: 4 },
      ],
      'valid',
      [],
    ],
    [
      'a later call is answered by the old one',
      [
        { as: 'ok', epoch: 2 },
        { as: 'ok', epoch: 1, began: 5 },
        { as: 'ok', epoch: 2, began: 6 },
      ],
      'invalid',
      ['b'],
    ],
    [
      'a late answer of the new one does not excuse',
      [
        { as: 'ok', epoch: 2, began: 0, took: 3 },
        { as: 'ok', epoch: 3, began: 1, took: 99 },
        { as: 'ok', epoch: 1, began: 5 },
      ],
      'invalid',
      ['c'],
    ],
    ['no answer says its epoch', [{ as: 'ok' }, { as: 'fail' }], 'unknown', []],
  ])('%s', (_, given, verdict, stale) => {
    const report = checkFencing(calls(...given));
    expect([report.verdict, report.stale.map(({ id }) => id)]).toEqual([verdict, stale]);
  });
});
