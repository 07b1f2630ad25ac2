import { describe, expect, it } from 'vitest';
import { readReplication } from './replication-info.ts';

const info = (...lines: string[]): string => ['# Replication', ...lines, ''].join('\r\n');
const id = 'master_replid:abc';

describe('what INFO says of replication', () => {
  it.each<[string, string, ReturnType<typeof readReplication>]>([
    [
      'a master',
      info('role:master', id, 'master_repl_offset:42'),
      { role: 'primary', replid: 'abc', offset: 42, linked: false },
    ],
    [
      'a replica, by what it has applied',
      info('role:slave', 'master_link_status:up', 'slave_read_repl_offset:50', 'slave_repl_offset:40', id),
      { role: 'replica', replid: 'abc', offset: 40, linked: true },
    ],
    [
      'a replica that has lost its master',
      info('role:slave', 'master_link_status:down', 'slave_repl_offset:40', id),
      { role: 'replica', replid: 'abc', offset: 40, linked: false },
    ],
    ['nothing that is understood', info('role:slave'), undefined],
  ])('%s', (_, text, expected) => {
    expect(readReplication(text)).toEqual(expected);
  });
});
