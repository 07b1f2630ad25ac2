import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

describe('options of the campaign', () => {
  it('have defaults', () => {
    expect(parseOptions([], 7)).toMatchObject({ quick: false, only: [], clients: [], seed: 7, rate: 5 });
    expect(parseOptions(['--help'], 7)).toBe('help');
  });

  it('split lists', () => {
    const parsed = parseOptions(['--only', 'crash,freeze', '--client', 'pg-ha/*', '--repeat', '2'], 7);
    expect(parsed).toMatchObject({ only: ['crash', 'freeze'], clients: ['pg-ha/*'], repeat: 2 });
  });

  it.each([
    [['--only', 'nosuch'], "--only 'nosuch' picks nothing; allowed: sync-on, switchover"],
    [['--client', 'pgx'], "--client 'pgx' picks nothing; allowed: pg-ha/patroni"],
    [['--repeat', '0'], "--repeat is '0'; allowed: a whole number from 1 to 100"],
    [['--rate', 'x'], "--rate is 'x'; allowed: a whole number from 1 to 200"],
    [['--seed', '-1'], '--seed'],
    [['--what'], 'allowed: --quick, --only'],
  ])('%j is refused, and what is allowed is named', (args, message) => {
    expect(() => parseOptions(args, 1)).toThrow(message);
  });
});
