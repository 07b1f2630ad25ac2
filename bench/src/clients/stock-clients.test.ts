import { describe, expect, it } from 'vitest';
import { stockPg } from './sql-clients.ts';

describe('what an error says of the work', () => {
  it.each([
    ['a duplicate key', { code: '23505', severity: 'ERROR' }, 'rejected'],
    ['a broken pipe', { code: 'EPIPE' }, 'unknown'],
    ['a server that was told to stop', { code: '57P01', severity: 'FATAL' }, 'unknown'],
  ])('of the stock client for PostgreSQL: %s', (_, error, outcome) => {
    expect(stockPg.judge(error)).toBe(outcome);
  });
});
