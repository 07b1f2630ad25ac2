import type { Call } from '@steadfast/check';
import { describe, expect, it } from 'vitest';
import { endsOf, errorsOf, firstAck, longestMs, outageIn } from './client-run.ts';

function ok(id: string, endMs: number, epoch?: number, kind = 'insert'): Call {
  return {
    id,
    kind,
    writer: 0,
    deadlineMs: undefined,
    began: (endMs - 2) * 1e6,
    end: { as: 'ok', at: endMs * 1e6, epoch },
  };
}
const failed: Call = { ...ok('f', 3), end: { as: 'fail', at: 3e6, error: 'HA_NO_PRIMARY no primary' } };

describe('the first acknowledged write after an outage', () => {
  it('carries a new epoch where servers say theirs', () => {
    const calls = [ok('a', 90, 1), ok('b', 120, 1), ok('c', 130, 2), ok('d', 110, 2, 'read')];
    expect(firstAck(calls, { notBefore: 100, newEpochSince: 100 })).toBe(130);
    expect(firstAck(calls, { notBefore: 100 })).toBe(120);
  });

  it('is one that is still there in the end, where an old master answered beside the new one', () => {
    const calls = [ok('a', 120), ok('b', 140)];
    expect(firstAck(calls, { notBefore: 100, survived: new Set(['b']) })).toBe(140);
    expect(firstAck(calls, { notBefore: 100, survived: new Set() })).toBeUndefined();
  });
});

describe('an outage that nobody else watched', () => {
  const acks = (...ends: number[]): Call[] => ends.map((at) => ok(`${at}`, at));
  /** every 40 ms until the load ends */
  const steps = (from: number): number[] => Array.from({ length: 9 }, (_, n) => from + 40 * n);

  it.each([
    [
      'the longest time without an acknowledged write',
      acks(80, 90, 100, 400, 410),
      95,
      { from: 100, to: 400 },
    ],
    ['what lasts beyond the fault alone', acks(10, 90, ...steps(100)), 95, undefined],
    ['nothing where writes went on', acks(90, ...steps(100)), 95, undefined],
    ['what had not ended with the load', acks(80, 90), 95, { from: 90, to: undefined }],
    ['what had not ended, after a shorter one', acks(90, 160, 300), 95, { from: 160, to: 300 }],
    ['from the fault on, where nothing was written before', acks(300, 370), 95, { from: 95, to: 300 }],
  ])('is %s', (_, calls, faultAt, outage) => {
    expect(outageIn(calls, { faultAt, until: 430 }, 50)).toEqual(outage);
  });
});

it('counts ends and errors by kind, and finds the longest write', () => {
  const calls = [ok('a', 4), failed, { ...failed, id: 'g' }, ok('r', 90, 1, 'read')];
  expect(endsOf(calls)).toEqual({
    insert: { ok: 1, fail: 2, unknown: 0, open: 0 },
    read: { ok: 1, fail: 0, unknown: 0, open: 0 },
  });
  expect(errorsOf(calls)).toEqual({ 'insert fail: HA_NO_PRIMARY no primary': 2 });
  expect(longestMs(calls)).toBe(2);
});
