import { expect, it } from 'vitest';
import { checkBank, type Balances } from './bank.ts';
import type { Call, CallEnd } from './history.ts';
import type { Verdict } from './verdict.ts';

const OPENED = { a: 10, b: 10 };

function call(id: string, intent: unknown, end: CallEnd): Call {
  return { id, writer: 0, kind: 'x', deadlineMs: undefined, intent, began: 0, end };
}

const ended = (value: unknown): CallEnd => ({ as: 'ok', at: 1, epoch: 1, value });
const audit = (balances: Balances): Call => call('audit', undefined, ended(balances));
const transfer = (amount: number, as: CallEnd['as'] | 'refused' = 'ok'): Call => {
  const intent = { from: 'a', to: 'b', amount };
  if (as === 'ok' || as === 'refused') return call('t', intent, ended({ moved: as === 'ok' }));
  return call('t', intent, as === 'open' ? { as } : { as, at: 1, error: 'x' });
};

it.each<[string, Call[], Balances | undefined, Balances, boolean, Verdict, string[]]>([
  ['all is well', [transfer(3)], { a: 10, b: 10 }, { a: 7, b: 13 }, true, 'valid', []],
  [
    'an unknown one was done',
    [transfer(3), transfer(2, 'unknown')],
    OPENED,
    { a: 5, b: 15 },
    true,
    'valid',
    [],
  ],
  ['an open one was not', [transfer(3), transfer(2, 'open')], OPENED, { a: 7, b: 13 }, true, 'valid', []],
  ['one was refused', [transfer(3), transfer(99, 'refused')], OPENED, { a: 7, b: 13 }, true, 'valid', []],
  [
    'a read saw half of one',
    [transfer(3)],
    { a: 7, b: 10 },
    { a: 7, b: 13 },
    false,
    'invalid',
    ['wrong-sum'],
  ],
  ['the last read did', [transfer(3)], OPENED, { a: 7, b: 10 }, false, 'invalid', ['wrong-sum', 'drift']],
  ['one is overdrawn', [transfer(3)], { a: -1, b: 21 }, { a: 7, b: 13 }, false, 'invalid', ['negative']],
  ['an account is missing', [transfer(3)], { b: 20 }, { a: 7, b: 13 }, false, 'invalid', ['wrong-accounts']],
  [
    'there is one too many',
    [transfer(3)],
    { a: 7, b: 12, c: 1 },
    { a: 7, b: 13 },
    true,
    'invalid',
    ['wrong-accounts'],
  ],
  ['one was done twice', [transfer(3)], OPENED, { a: 4, b: 16 }, true, 'invalid', ['drift', 'drift']],
  [
    'one that failed was done',
    [transfer(3), transfer(2, 'fail')],
    OPENED,
    { a: 5, b: 15 },
    true,
    'invalid',
    ['drift', 'drift'],
  ],
  ['one was lost', [transfer(3)], OPENED, { a: 10, b: 10 }, true, 'invalid', ['drift', 'drift']],
  [
    'the same where servers promise nothing',
    [transfer(3)],
    OPENED,
    { a: 10, b: 10 },
    false,
    'unknown',
    ['drift', 'drift'],
  ],
  ['nobody read', [transfer(3)], undefined, { a: 7, b: 13 }, true, 'unknown', []],
  ['nothing was moved', [transfer(3, 'fail')], OPENED, OPENED, true, 'unknown', []],
])('a bank where %s', (_, transfers, read, last, serversKeep, verdict, names) => {
  const report = checkBank(transfers, read ? [audit(read)] : [], last, { opened: OPENED, serversKeep });
  expect([report.verdict, report.anomalies.map(({ name }) => name)]).toEqual([verdict, names]);
});

it('an overdraft may be allowed', () => {
  const last = { a: -5, b: 25 };
  const options = { opened: OPENED, serversKeep: true, overdraft: true };
  expect(checkBank([transfer(15)], [audit(last)], last, options).verdict).toBe('valid');
});
