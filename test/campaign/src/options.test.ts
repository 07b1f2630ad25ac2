import { describe, expect, it } from 'vitest';
import { composedFaults } from './faults/faults.ts';
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

  it('draw the same pairs and schedules for the same seed, and let one be picked by its name', () => {
    const drawn = (seed: number): string[] =>
      composedFaults({ pairs: 3, random: 2, seed }).map(({ name, meaning }) => `${name}: ${meaning}`);
    expect(drawn(5)).toEqual(drawn(5));
    expect(drawn(5)).not.toEqual(drawn(6));
    expect(new Set(drawn(5)).size).toBe(10);
    const args = ['--random', '2', '--seed', '5', '--only', 'sync-on/random-6'];
    expect(parseOptions(args, 7)).toMatchObject({ random: 2, pairs: 0, seed: 5 });
  });

  it.each([
    [['--pairs', '0'], "--pairs is '0'; allowed: a whole number from 1 to 200"],
    [['--random', '1', '--seed', '5', '--only', 'random-6'], "--only 'random-6' picks nothing"],
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
