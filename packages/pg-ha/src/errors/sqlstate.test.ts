import { HaError } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { driverErrorOf, isFatal, sqlstateOf } from './sqlstate.ts';

const fromServer = (code: string, severity = 'ERROR'): Error =>
  Object.assign(new Error(code), { code, severity });
const wrapped = (cause: unknown): Error => new Error('a library’s own', { cause });

describe('the error that a library has wrapped', () => {
  const server = fromServer('40001');
  const ours = new HaError('HA_CONNECTION_LOST', 'x', { outcome: 'unknown', cause: fromServer('57P01') });

  it.each([
    ['the server’s is found', wrapped(wrapped(server)), server],
    ['ours is found, and not what lies under it', wrapped(ours), ours],
    ['one that is not wrapped is itself', server, server],
  ])('%s', (_says, error, found) => {
    expect(driverErrorOf(error)).toBe(found);
  });

  it('an app’s own error stays, also where its causes go round', () => {
    const own = wrapped(wrapped('text'));
    expect(driverErrorOf(own)).toBe(own);
    own.cause = own;
    expect(driverErrorOf(own)).toBe(own);
  });
});

it('the server ends the session with FATAL and PANIC', () => {
  expect(['ERROR', 'FATAL', 'PANIC'].map((severity) => isFatal(fromServer('57P01', severity)))).toEqual([
    false,
    true,
    true,
  ]);
});

it('what comes as the end of a session alone is that in any language', () => {
  const codes = ['57P01', '57P02', '57P03', '57P05', '25P03', '25P04', '40001'];
  const fatal = codes.map((code) => isFatal(fromServer(code, 'ВАЖНО')));
  expect(fatal).toEqual([true, true, true, true, true, true, false]);
});

it('an SQLSTATE is five digits and capitals of an error with a severity, and nothing else', () => {
  const given = ['40001', '4000', '400011', 'E40001', '40p01', 40_001, undefined];
  const read = given.map((code) => sqlstateOf(Object.assign(new Error('x'), { code, severity: 'ERROR' })));
  expect(read).toEqual(['40001', undefined, undefined, undefined, undefined, undefined, undefined]);
  expect(sqlstateOf(Object.assign(new Error('x'), { code: '40001' }))).toBeUndefined();
});
