import { describe, expect, it } from 'vitest';
import { parseRun } from './run-options.ts';

const now = (): Date => new Date('2026-02-03T04:05:06Z');

describe('the options of a run', () => {
  it('have defaults, and fewer repetitions where it must be quick', () => {
    expect(parseRun([], now)).toMatchObject({
      perSecond: 200,
      callers: 32,
      measureMs: 2_000,
      repetitions: 4,
      pairRepetitions: 6,
      search: undefined,
      out: '.steadfast/bench/2026-02-03T04-05-06',
    });
    expect(parseRun(['--quick'], now)).toMatchObject({ measureMs: 700, repetitions: 1, pairRepetitions: 7 });
    expect(parseRun(['--quick', '--repetitions', '2'], now)).toMatchObject({ repetitions: 2 });
  });

  it('have an objective to search for', () => {
    expect(parseRun(['--search', 'p99.9=7.5ms']).search).toEqual({ percentile: 99.9, ms: 7.5 });
  });

  it.each([
    ['--rat 5', /Unknown option '--rat'.*allowed: --target, /],
    ['--rate 0', "--rate is '0'; allowed: a whole number from 1 to 100000"],
    ['--rate=', "--rate is ''; allowed"],
    ['--rate 1.5', "--rate is '1.5'; allowed"],
    ['--measure-ms 99', "--measure-ms is '99'; allowed: a whole number from 100 to 3600000"],
    ['--search p99', "--search is 'p99'; allowed: p1 to p99.999"],
    ['--search p100=1ms', "--search is 'p100=1ms'"],
    ['--search p99=0ms', "--search is 'p99=0ms'"],
    ['--data public', "--data is 'public'; allowed: steadfast_bench_"],
    ['--lab --target a=redis://h', '--lab and --target: allowed: the lab or targets of your own'],
    ['--lab --read-only', '--lab and --read-only'],
    ['--failover', '--failover is allowed with --lab alone'],
    ['--failover-command true', '--failover-command is allowed with --allow-failover alone'],
    ['--read-only --allow-failover', '--read-only and --allow-failover'],
    ['kv', /Unexpected argument 'kv'/],
  ])('%s is refused in words that help', (typed, message) => {
    expect(() => parseRun(typed.split(' '))).toThrow(message);
  });
});
