import { describe, expect, it } from 'vitest';
import { callsOf, parseHistory, samplesOf, type HistoryEvent, type HistoryLine } from './history.ts';
import { worst } from './verdict.ts';

const invoke: HistoryEvent = { event: 'invoke', id: 'a', at: 1, writer: 0, kind: 'insert' };
const ok: HistoryEvent = { event: 'ok', id: 'a', at: 2 };

describe('a history', () => {
  it('gives whole calls, and says which are open', () => {
    const history: HistoryEvent[] = [invoke, { ...invoke, id: 'b' }, ok];
    expect(callsOf(history).map(({ id, end }) => [id, end.as])).toEqual([
      ['a', 'ok'],
      ['b', 'open'],
    ]);
  });

  it('keeps what a call set out to do and what it came to, and samples apart', () => {
    const sample: HistoryLine = { event: 'sample', at: 1, values: { connections: 3 } };
    const history: HistoryLine[] = [{ ...invoke, intent: ['x'] }, sample, { ...ok, value: 7 }];
    expect(callsOf(history)).toMatchObject([{ intent: ['x'], end: { as: 'ok', value: 7 } }]);
    expect(samplesOf(history)).toEqual([sample]);
  });

  it.each<[string, HistoryEvent[]]>([
    ['begins twice', [invoke, invoke]],
    ['ends twice', [invoke, ok, ok]],
    ['never began', [ok]],
  ])('where a call %s is none', (why, history) => {
    expect(() => callsOf(history)).toThrow(why);
  });

  it('is read without a last line that was cut off, and not where another line is broken', () => {
    const line = JSON.stringify(invoke);
    expect(parseHistory(`${line}\n{"event":"o`)).toEqual([invoke]);
    expect(parseHistory(`${line}\n${JSON.stringify(ok)}`)).toEqual([invoke, ok]);
    expect(() => parseHistory(`{"event":"o\n${line}\n`)).toThrow(SyntaxError);
  });
});

describe('the worst verdict', () => {
  it.each([
    [['valid', 'unknown', 'invalid'], 'invalid'],
    [['valid', 'unknown'], 'unknown'],
    [['valid', 'valid'], 'valid'],
    [[], 'valid'],
  ] as const)('of %j is %s', (verdicts, expected) => {
    expect(worst(verdicts)).toBe(expected);
  });
});
