import { describe, expect, it } from 'vitest';
import { judge, type Write } from '../support/writers.ts';

const write = (id: string, outcome: Write['outcome']): Write => ({ id, outcome, started: 0, ended: 1 });

describe('the judge of histories', () => {
  it('passes a good one', () => {
    const verdict = judge([write('a', 'ok'), write('b', 'unknown'), write('c', 'notSent')], ['a', 'b']);
    expect(verdict).toEqual({
      lost: [],
      doubled: [],
      unexpected: [],
      outcomes: { ok: 1, unknown: 1, notSent: 1 },
    });
  });
  it('finds a lost write', () => expect(judge([write('a', 'ok')], []).lost).toEqual(['a']));
  it('finds a doubled one', () => expect(judge([write('a', 'ok')], ['a', 'a']).doubled).toEqual(['a']));
  it('finds one that was applied though it was reported as refused', () => {
    expect(judge([write('a', 'rejected'), write('b', 'notSent')], ['a', 'b']).unexpected).toEqual(['a', 'b']);
  });
});
