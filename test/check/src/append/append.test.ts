import { describe, expect, it } from 'vitest';
import type { Call, CallEnd } from '../history.ts';
import type { Verdict } from '../verdict.ts';
import { checkAppend, type AppendReport } from './append.ts';
import type { Operation } from './operation.ts';

/**
 * A call in a word: `A: r x=1,2  w y=3`. Words after the colon are its operations; `A!` failed, `A?` is unknown, `A*` is
 * open. Calls overlap unless a time is given: `A@0-5` began at 0 and ended at 5.
 */
function call(text: string): Call {
  const match = /^(\w+)([!?*]?)(?:@(\d+)-(\d+))?:(.*)$/.exec(text);
  if (!match) throw new Error(`'${text}' is no call`);
  const [, id = '', mark = '', began = '0', at = '1000', rest = ''] = match;
  const operations = rest
    .trim()
    .split(/\s{2,}/)
    .map((word): Operation => {
      const [, what, key = '', value = ''] = /^([rw]) (\w+)=(.*)$/.exec(word) ?? [];
      if (what === 'w') return ['append', key, value];
      return ['read', key, value === '' ? [] : value.split(',')];
    });
  const intent = operations.map((each): Operation => (each[0] === 'read' ? ['read', each[1]] : each));
  return {
    id,
    writer: 0,
    kind: 'append',
    deadlineMs: undefined,
    intent,
    began: Number(began),
    end: endOf(mark, Number(at), operations),
  };
}

function endOf(mark: string, at: number, value: readonly Operation[]): CallEnd {
  if (mark === '*') return { as: 'open' };
  if (mark === '!' || mark === '?') return { as: mark === '!' ? 'fail' : 'unknown', at, error: 'x' };
  return { as: 'ok', at, epoch: 1, value };
}

function lists(text: string): Record<string, string[]> {
  return Object.fromEntries(
    text
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => {
        const [key = '', value = ''] = word.split('=');
        return [key, value === '' ? [] : value.split(',')];
      }),
  );
}

function check(calls: readonly string[], last: string, serversKeep = true): AppendReport {
  return checkAppend(calls.map(call), lists(last), { serversKeep });
}

const namesOf = ({ anomalies }: AppendReport): string[] => anomalies.map(({ name }) => name);

describe('appended lists', () => {
  it.each<[string, string[], string]>([
    ['each read is what was there at some moment', ['A: w x=1', 'B: r x=1  w x=2', 'C: r x='], 'x=1,2'],
    ['a call sees what it has appended', ['A: r x=  w x=1  r x=1  w x=2  r x=1,2'], 'x=1,2'],
    ['what is unknown or open may be there', ['A?: w x=1', 'B*: w x=2', 'C: r x=1  w x=3'], 'x=1,3'],
    ['what has failed is not there', ['A!: w x=1', 'B: r x=  w x=2'], 'x=2'],
    [
      'calls depend on each other in one direction',
      ['A: w x=1  w y=2', 'B: r x=1  w y=3', 'C: r y=2,3  w x=4', 'D: r x=1  r y=2'],
      'x=1,4 y=2,3',
    ],
    ['what followed was read later', ['A@0-1: w x=1', 'B@2-3: r x=1  w x=2', 'C@4-5: r x=1,2'], 'x=1,2'],
  ])('are in order where %s', (_, calls, last) => {
    expect(check(calls, last)).toMatchObject({ verdict: 'valid', anomalies: [] });
  });

  it.each<[string, string[], string, string[]]>([
    ['lost', ['A: w x=1', 'B: r x=  w x=2'], 'x=2', ['A']],
    ['doubled', ['A: w x=1', 'B: r x=1  w x=2'], 'x=1,2,1', ['A']],
    ['unwritten', ['A: r x=  w x=1'], 'x=1,7', []],
    ['unwritten', ['A: r x=7  w y=1'], 'y=1', ['A']],
    ['G1a', ['A!: w x=1', 'B: r x=1  w y=2'], 'x= y=2', ['A', 'B']],
    ['G1a', ['A!: w x=1', 'B: r y=  w y=2'], 'x=1 y=2', ['A']],
    ['G1b', ['A: w x=1  w x=2', 'B: r x=1'], 'x=1,2', ['A', 'B']],
    ['internal', ['A: r x=  w x=1  r x='], 'x=1', ['A']],
    ['internal', ['A: w x=1', 'B: r x=  r x=1'], 'x=1', ['B']],
    ['order', ['A: w x=1', 'B: w x=2', 'C: r x=2'], 'x=1,2', ['C']],
    ['order', ['A?: w x=1', 'B: r x=1'], 'x=', ['B']],
    ['real-time', ['A@0-1: w x=1', 'B@2-3: w x=2', 'C: r x='], 'x=2,1', ['A', 'B']],
    ['stale', ['A@0-1: w x=1', 'B@2-3: r x='], 'x=1', ['A', 'B']],
  ])('show %s: %j, in the end %s', (name, calls, last, blamed) => {
    const report = check(calls, last);
    expect(report.verdict).toBe('invalid');
    expect(report.anomalies).toContainEqual(expect.objectContaining({ name, calls: blamed }));
  });

  it.each<[string, string[], string, string[]]>([
    ['G0', ['A: w x=1  w y=1a', 'B: w x=2  w y=2a', 'C: r x='], 'x=1,2 y=2a,1a', ['A', 'B']],
    ['G1c', ['A: w x=1  r y=2', 'B: w y=2  r x=1'], 'x=1 y=2', ['A', 'B']],
    ['G1c', ['A: w x=1  r z=3', 'B: r x=1  w y=2', 'C: r y=2  w z=3'], 'x=1 y=2 z=3', ['A', 'B', 'C']],
    ['G2', ['A: r x=  w y=1', 'B: r y=  w x=2'], 'x=2 y=1', ['A', 'B']],
    ['G2', ['A: r x=  w x=1', 'B: r x=  w x=2'], 'x=1,2', ['A', 'B']],
    ['G2', ['A: w x=1  w y=1a', 'B: r x=1  r y='], 'x=1 y=1a', ['A', 'B']],
  ])('show %s, a cycle: %j, in the end %s', (name, calls, last, blamed) => {
    const report = check(calls, last);
    expect([report.verdict, namesOf(report)]).toEqual(['invalid', [name]]);
    expect(report.anomalies[0]?.calls.toSorted()).toEqual(blamed);
    expect(report.anomalies[0]?.what).toMatch(/^A -\w\w \w-> .* A$|^B -\w\w \w-> .* B$|^C -\w\w \w-> .* C$/);
  });

  it('tell nothing where nothing was read', () => {
    expect(check(['A: w x=1'], 'x=1')).toMatchObject({ verdict: 'unknown', judged: 0 });
    expect(check([], '')).toMatchObject({ verdict: 'unknown' });
  });

  it('are no history where two calls append the same element', () => {
    expect(() => check(['A: w x=1', 'B: w y=1'], '')).toThrow('element 1 is appended twice');
  });
});

describe('lists on servers that may lose what they acknowledged', () => {
  it.each<[string, string[], string, Verdict, string[]]>([
    ['one is lost', ['A: w x=1', 'B: r x=  w x=2'], 'x=2', 'unknown', ['lost']],
    [
      'another had seen it, and was lost too',
      ['A: w x=1', 'B: r x=1  w x=2', 'C: r x=  w x=3'],
      'x=3',
      'unknown',
      ['lost', 'lost'],
    ],
    [
      'a call that only read had seen it',
      ['A: w x=1', 'B: r x=1', 'C: r x=  w x=2'],
      'x=2',
      'unknown',
      ['lost'],
    ],
    [
      'what was unknown was seen and is gone',
      ['A?: w x=1', 'B: r x=1', 'C: r x=  w x=2'],
      'x=2',
      'valid',
      [],
    ],
    ['a failed one was read', ['A!: w x=1', 'B: r x=1', 'C: r x=  w x=2'], 'x=2', 'invalid', ['G1a']],
    ['what nobody appended was read', ['B: r x=7', 'C: r x=  w x=2'], 'x=2', 'invalid', ['unwritten']],
    ['one was read twice', ['A?: w x=1', 'B: r x=1,1', 'C: r x=  w x=2'], 'x=2', 'invalid', ['doubled']],
    [
      'a call that was lost had read a failed one',
      ['A!: w x=1', 'B: r x=1  w x=3', 'C: r x=  w x=2'],
      'x=2',
      'invalid',
      ['lost', 'G1a'],
    ],
    ['one is there twice', ['A: r x=  w x=1'], 'x=1,1', 'invalid', ['doubled']],
    [
      'the rest is out of order',
      ['A: w x=1', 'B: w x=2', 'C: w x=3', 'D: r x=3,2'],
      'x=2,3',
      'invalid',
      ['lost', 'order', 'order'],
    ],
    [
      'the rest goes round in a circle',
      ['L: w x=9', 'A: r x=  w y=1', 'B: r y=  w x=2'],
      'x=2 y=1',
      'invalid',
      ['lost', 'G2'],
    ],
  ])('%s', (_, calls, last, verdict, names) => {
    const report = check(calls, last, false);
    expect([report.verdict, namesOf(report).filter((name) => name !== 'order')]).toEqual([
      verdict,
      names.filter((name) => name !== 'order'),
    ]);
    expect(namesOf(report).includes('order')).toBe(names.includes('order'));
  });
});

/** Calls that each read a list and append to it. */
function longHistory(length: number): { calls: Call[]; last: Record<string, string[]> } {
  const calls: Call[] = [];
  const last: Record<string, string[]> = {};
  for (let n = 0; n < length; n++) {
    const key = `k${Math.floor(n / 20)}`;
    const list = (last[key] ??= []);
    const value: Operation[] = [
      ['read', key, [...list]],
      ['append', key, `${n}`],
    ];
    list.push(`${n}`);
    const end = { as: 'ok', at: n * 10 + 15, epoch: 1, value } as const;
    const intent: Operation[] = [['append', key, `${n}`]];
    calls.push({ id: `${n}`, writer: 0, kind: 'append', deadlineMs: undefined, intent, began: n * 10, end });
  }
  return { calls, last };
}

it('a cycle is found in a history of many calls', { timeout: 60_000 }, () => {
  const { calls, last } = longHistory(30_000);
  const skewed = [call('A: r x=  w y=ya'), call('B: r y=  w x=xb')];
  const report = checkAppend(
    [...calls, ...skewed],
    { ...last, ...lists('x=xb y=ya') },
    { serversKeep: true },
  );
  expect([report.judged, namesOf(report)]).toEqual([30_002, ['G2']]);
});
