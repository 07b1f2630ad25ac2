import { describe, expect, it } from 'vitest';
import { ErrorReply } from '../wire/reply.ts';
import { persistenceWarnings } from './persistence.ts';

const info = (...lines: string[]): string => ['# Persistence', 'loading:0', ...lines].join('\r\n');

describe('what a primary says of its persistence', () => {
  it.each([
    ['all is well', info('rdb_last_bgsave_status:ok', 'aof_last_write_status:ok'), []],
    [
      'a failed snapshot',
      info('rdb_last_bgsave_status:err'),
      ['the last RDB snapshot of the primary failed'],
    ],
    [
      'a disk that is full',
      info('rdb_last_bgsave_status:err', 'aof_last_write_status:err'),
      ['the last RDB snapshot of the primary failed', 'the primary could not write to its append-only file'],
    ],
    ['a question that is forbidden', new ErrorReply('NOPERM this user has no permissions'), []],
    ['no answer', undefined, []],
  ])('%s', (_what, reply, warnings) => {
    expect(persistenceWarnings(reply)).toEqual(warnings);
  });
});
