import { describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { RetryBudget } from './retry-budget.ts';
import { decideRetry, MAX_ATTEMPTS, type Attempt, type RetryDecision } from './retry-policy.ts';

const base: Attempt = { outcome: 'notSent', byRole: false, idempotent: false, attempts: 1, expired: false };
const no = (why: 'unsafe' | 'final' | 'deadline' | 'attempts'): RetryDecision => ({ retry: false, why });

const rows: [name: string, attempt: Partial<Attempt>, decision: RetryDecision][] = [
  ['work that was never sent is repeated', {}, { retry: true }],
  ['work refused by role is repeated', { outcome: 'rejected', byRole: true }, { retry: true }],
  ['work refused for itself is not', { outcome: 'rejected' }, no('final')],
  ['work of unknown outcome is not', { outcome: 'unknown' }, no('unsafe')],
  ['unless a second application changes nothing', { outcome: 'unknown', idempotent: true }, { retry: true }],
  [
    'idempotence does not make a refusal worth repeating',
    { outcome: 'rejected', idempotent: true },
    no('final'),
  ],
  ['committed work is never repeated', { outcome: 'committed', idempotent: true }, no('final')],
  ['nothing is repeated past the deadline', { expired: true }, no('deadline')],
  ['nor without end', { attempts: MAX_ATTEMPTS }, no('attempts')],
];

describe('decideRetry', () => {
  for (const [name, attempt, decision] of rows) {
    it(name, () => expect(decideRetry({ ...base, ...attempt })).toEqual(decision));
  }
});

describe('RetryBudget', () => {
  it('runs dry and fills up with time', async () => {
    const clock = new ManualClock();
    const budget = new RetryBudget(clock, { capacity: 2, perSecond: 10 });
    expect([budget.take('unknown'), budget.take('unknown'), budget.take('unknown')]).toEqual([
      true,
      true,
      false,
    ]);
    await clock.advance(100);
    expect([budget.take('unknown'), budget.take('unknown')]).toEqual([true, false]);
    await clock.advance(60_000);
    expect(budget.available).toBe(2);
  });

  it('counts what it gives, by what was known of the attempt before, and not what it refuses', () => {
    const budget = new RetryBudget(new ManualClock(), { capacity: 2, perSecond: 1 });
    for (const outcome of ['unknown', 'rejected', 'rejected'] as const) budget.take(outcome);
    expect(budget.taken).toEqual({ notSent: 0, rejected: 1, unknown: 1, committed: 0 });
  });
});
