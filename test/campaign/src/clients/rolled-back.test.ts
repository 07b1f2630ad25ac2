import { describe, expect, it } from 'vitest';
import { rolledBack } from './rolled-back.ts';
import { peerOutcome } from './sql.ts';

describe("a stock driver's error", () => {
  it.each([
    ['a duplicate key', { code: '23505', severity: 'ERROR' }, true],
    ['a serialization failure', { code: '40001', severity: 'ERROR' }, true],
    ['a broken pipe, whose code looks like an SQLSTATE', { code: 'EPIPE' }, false],
    ['a link that was reset', { code: 'ECONNRESET' }, false],
    ['a server that was told to stop', { code: '57P01', severity: 'FATAL' }, false],
    ['a server that another process made stop', { code: '57P02', severity: 'FATAL' }, false],
    ['a lost connection behind the server', { code: '08006', severity: 'ERROR' }, false],
    ['a statement whose completion is not known', { code: '40003', severity: 'ERROR' }, false],
    ['a server that cannot go on', { code: '53100', severity: 'PANIC' }, false],
    ['an error without a code', new Error('Connection terminated unexpectedly'), false],
  ])('of %s', (_, error, is) => {
    expect(rolledBack(error)).toBe(is);
    expect(peerOutcome(error)).toBe(is ? 'fail' : 'unknown');
  });

  it('of a dial that was refused says that nothing was sent', () => {
    expect(peerOutcome({ code: 'ECONNREFUSED' })).toBe('fail');
  });
});
