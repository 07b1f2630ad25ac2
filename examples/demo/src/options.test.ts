import { describe, expect, it } from 'vitest';
import { HELP, parseOptions } from './options.ts';

const parse = (...args: string[]): ReturnType<typeof parseOptions> => parseOptions(args, 42);

describe('the demo’s arguments', () => {
  it('default to four faults, patroni, 100 requests a second and synchronous replication', () => {
    const options = parse();
    if (options === 'help') throw new Error('no help was asked for');
    expect(options.faults.map(({ name }) => name)).toEqual([
      'switchover',
      'crash',
      'sentinel-failover',
      'redis-crash',
    ]);
    expect(options).toMatchObject({
      strategy: 'patroni',
      rate: 100,
      seed: 42,
      json: false,
      keep: false,
      synchronous: true,
    });
  });

  it('take what is given', () => {
    const given = parse(
      '--fault',
      'freeze',
      '--fault=haproxy-down',
      '--strategy',
      'haproxy',
      '--rate',
      '7',
      '--seed',
      '9',
      '--json',
      '--keep',
      '--async',
    );
    expect(given).toMatchObject({
      strategy: 'haproxy',
      rate: 7,
      seed: 9,
      json: true,
      keep: true,
      synchronous: false,
    });
    expect(given !== 'help' && given.faults.map(({ name }) => name)).toEqual(['freeze', 'haproxy-down']);
    expect(parse('-h')).toBe('help');
  });

  it.each([
    [['--fault', 'freze'], "--fault is 'freze'; allowed: switchover, crash, .*did you mean 'freeze'"],
    [['--fault', 'haproxy-down'], '--fault haproxy-down needs --strategy haproxy; it is patroni'],
    [['--strategy', 'patorni'], "--strategy is 'patorni'; allowed: patroni, haproxy; did you mean 'patroni'"],
    [['--rate', '0'], "--rate is '0'; allowed: a whole number from 1 to 2000"],
    [['--rate', 'fast'], "--rate is 'fast'; allowed: a whole number from 1 to 2000"],
    [['--seed=-1'], "--seed is '-1'; allowed: a whole number from 0 to 4294967295"],
    [['--seed', '-1'], "Option '--seed' argument is ambiguous; allowed: .*"],
    [['--speed', '3'], "Unknown option '--speed'; allowed: --fault, --strategy, --rate, --seed, .*"],
    [['crash'], "Unexpected argument 'crash'.*; allowed: --fault, .*"],
    [['--json=yes'], ".*'--json' does not take an argument; allowed: .*"],
  ])('refuse %j in one line that says what is allowed', (args, message) => {
    let thrown: unknown;
    try {
      parse(...args);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'UsageError' });
    expect((thrown as Error).message).toMatch(new RegExp(`^${message}[^\n]*$`));
  });

  it('are explained by a help that fits a terminal', () => {
    expect(HELP.split('\n').every((line) => line.length <= 110)).toBe(true);
    expect(HELP).toContain('redis-partition');
  });
});
