import { describe, expect, it } from 'vitest';
import type { CallRecord, CallResult } from '../load/call.ts';
import { counterFindings, jobFindings, messageFindings, tally } from './findings.ts';
import { exitCode, judge, type Verdict } from './verdict.ts';

let due = 0;
const record = (kind: CallRecord['kind'], key: string, result: CallResult): CallRecord => {
  due += 1;
  return { kind, key, dueAt: due, endedAt: due + 5, result };
};
const acked = (key: string): CallRecord => record('message', key, { ok: true, job: 'queued' });
const failed = (key: string, outcome: 'notSent' | 'rejected' | 'unknown'): CallRecord =>
  record('message', key, { ok: false, outcome, code: 'X' });
const counted = (key: string, outcome?: 'unknown'): CallRecord =>
  record('counter', key, outcome ? { ok: false, outcome, code: 'X' } : { ok: true });

function verdictOf(
  records: readonly CallRecord[],
  found: { messages?: [string, number][]; jobs?: [string, number][]; counters?: [string, number][] },
  synchronous = true,
): Verdict {
  const checks = {
    messages: tally(messageFindings(records, new Map(found.messages))),
    jobs: tally(jobFindings(records, new Map(found.jobs))),
    counters: tally(counterFindings(records, new Map(found.counters))),
  };
  return judge(checks, { synchronous, troubles: [] });
}

describe('the verdict', () => {
  it('passes where everything acknowledged is there once', () => {
    const verdict = verdictOf([acked('a'), acked('b')], {
      messages: [
        ['a', 1],
        ['b', 1],
      ],
      jobs: [
        ['a', 1],
        ['b', 1],
      ],
    });
    expect(verdict).toEqual({ passed: true, broken: [] });
    expect(exitCode(verdict)).toBe(0);
  });

  it('finds a lost message, and the exit code follows', () => {
    const verdict = verdictOf([acked('a'), acked('b')], {
      messages: [['a', 1]],
      jobs: [
        ['a', 1],
        ['b', 1],
      ],
    });
    expect(verdict.broken).toEqual(['1 acknowledged messages lost']);
    expect(exitCode(verdict)).toBe(1);
  });

  it('finds a doubled message, acknowledged or unknown, and the exit code follows', () => {
    const verdict = verdictOf([acked('a'), failed('b', 'unknown')], {
      messages: [
        ['a', 2],
        ['b', 2],
      ],
    });
    expect(verdict.broken).toEqual(['2 messages doubled']);
    expect(exitCode(verdict)).toBe(1);
  });

  it('finds a message that was said not to be stored', () => {
    const verdict = verdictOf([acked('a'), failed('b', 'notSent'), failed('c', 'rejected')], {
      messages: [
        ['a', 1],
        ['b', 1],
      ],
    });
    expect(verdict.broken).toEqual(['1 messages stored though their error said they were not']);
  });

  it('finds a message that nobody sent', () => {
    expect(
      verdictOf([acked('a')], {
        messages: [
          ['a', 1],
          ['z', 1],
        ],
      }).broken,
    ).toEqual(['1 messages doubled']);
  });

  it('lets a lost message pass under asynchronous replication alone, a doubled one never', () => {
    expect(verdictOf([acked('a')], {}, false).passed).toBe(true);
    expect(verdictOf([acked('a')], { messages: [['a', 2]] }, false).passed).toBe(false);
  });

  it('shows what Redis lost without failing for it, and fails for what it doubled', () => {
    const records = [acked('a'), counted('n'), counted('n'), counted('n', 'unknown')];
    const lost = verdictOf(records, { messages: [['a', 1]], counters: [['n', 1]] });
    expect(lost.passed).toBe(true);
    const doubled = verdictOf(records, { messages: [['a', 1]], jobs: [['a', 2]], counters: [['n', 4]] });
    expect(doubled.broken).toEqual(['1 jobs doubled', '1 counter increments doubled']);
  });

  it('fails where nothing was shown or a fault was never recovered from', () => {
    expect(verdictOf([], {}).passed).toBe(false);
    const checks = {
      messages: tally(messageFindings([acked('a')], new Map([['a', 1]]))),
      jobs: tally([]),
      counters: tally([]),
    };
    expect(judge(checks, { synchronous: true, troubles: ['nobody took over after crash'] }).broken).toEqual([
      'nobody took over after crash',
    ]);
  });
});

describe('a tally', () => {
  it('resolves unknown messages by looking them up', () => {
    const findings = messageFindings([failed('a', 'unknown'), failed('b', 'unknown')], new Map([['a', 1]]));
    expect(tally(findings)).toMatchObject({ unknown: 2, unknownApplied: 1, lost: 0, doubled: 0 });
  });

  it('bounds a counter by what was acknowledged and what may have been applied', () => {
    const records = [counted('n'), counted('n'), counted('n', 'unknown')];
    const at = (value: number): object => tally(counterFindings(records, new Map([['n', value]])));
    expect(at(1)).toMatchObject({ lost: 1, doubled: 0, unknownApplied: 0 });
    expect(at(2)).toMatchObject({ lost: 0, doubled: 0, unknownApplied: 0 });
    expect(at(3)).toMatchObject({ lost: 0, doubled: 0, unknownApplied: 1 });
    expect(at(5)).toMatchObject({ lost: 0, doubled: 2, unknownApplied: 1 });
  });

  it('expects no job behind a message that was refused, or whose job was', () => {
    const untold = record('message', 'u', { ok: true, job: 'notSent' });
    const findings = jobFindings(
      [acked('a'), untold, failed('r', 'rejected')],
      new Map([
        ['a', 1],
        ['u', 1],
      ]),
    );
    expect(tally(findings)).toMatchObject({ acknowledged: 1, lost: 0, contradicted: 1 });
  });
});
