import { seededRandom } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { exampleResult } from '../example-result.ts';
import { type BenchResult, type FailoverResult } from '../result.ts';
import { compare, type Difference } from './compare.ts';
import { ratioShift, shiftOf } from './shift.ts';
import { tellComparison } from './tell.ts';

describe('shiftOf', () => {
  it('is the median of all differences, between the bounds of the rank-sum test', () => {
    // Worked by hand: 16 differences, and with 4 and 4 values only the outermost may not be left out.
    expect(shiftOf([1, 2, 3, 4], [11, 12, 13, 14])).toEqual({ middle: 10, low: 7, high: 13 });
    // With 6 and 6 the five outermost on each side may (the critical value 5 of the tables).
    const six = [1, 2, 3, 4, 5, 6];
    const differences = six.flatMap((b) => six.map((a) => b + 100 - a)).toSorted((a, b) => a - b);
    expect(
      shiftOf(
        six,
        six.map((one) => one + 100),
      ),
    ).toEqual({ middle: 100, low: differences[5], high: differences[30] });
  });

  it('says nothing of samples in which no order would be surprising', () => {
    expect(shiftOf([1, 2, 3], [11, 12, 13])).toBeUndefined();
    expect(shiftOf([], [1])).toBeUndefined();
    expect(shiftOf([1, 2, 3], [11, 12, 13], 0.9)).toBeDefined();
  });

  it('is wrong about samples of one kind as seldom as it says', () => {
    const random = seededRandom(7);
    // Skewed, as latencies are.
    const draw = (): number => Math.exp(0.3 * Math.log(1 / (1 - random.next())));
    let missed = 0;
    for (let n = 0; n < 2_000; n++) {
      const [a, b] = [Array.from({ length: 6 }, draw), Array.from({ length: 6 }, draw)];
      const shift = ratioShift(a, b);
      if (!shift || shift.low > 1 || shift.high < 1) missed++;
    }
    expect(missed / 2_000).toBeLessThan(0.055);
    expect(missed).toBeGreaterThan(20);
  });

  it('refuses ratios of what is not positive', () => {
    expect(() => ratioShift([1, 0, 1, 1], [1, 1, 1, 1])).toThrow('a ratio of 0 says nothing');
  });
});

const THRESHOLD = { threshold: 0.05 };
const verdicts = (before: BenchResult, after: BenchResult): Record<string, number> => {
  const all = compare(before, after, THRESHOLD).differences.map(({ verdict }) => verdict);
  return Object.fromEntries(
    [...new Set(all)].toSorted().map((one) => [one, all.filter((other) => other === one).length]),
  );
};
const usual = exampleResult();
const enough = (result: BenchResult): BenchResult => ({
  ...result,
  failovers: result.failovers.map((one) => ({ ...one, each: [...(one.each ?? []), ...(one.each ?? [])] })),
});

describe('compare', () => {
  it('finds nothing between a result and itself', () => {
    expect(verdicts(enough(usual), enough(usual))).toEqual({ 'no difference': expect.any(Number) as number });
  });

  it('finds what is a third slower, figure by figure, and calls the way back an improvement', () => {
    const slow = exampleResult({ slower: 1.33 });
    const there = compare(usual, slow, THRESHOLD).differences.filter(
      ({ verdict }) => verdict === 'regression',
    );
    expect(new Set(there.map(({ figure }) => figure))).toEqual(
      new Set(['p50', 'p99', 'CPU per operation', 'throughput', 'ratio']),
    );
    expect(there.filter(({ what }) => what.includes('open loop')).map(({ figure }) => figure)).not.toContain(
      'throughput',
    );
    const back = compare(slow, usual, THRESHOLD).differences.filter(
      ({ verdict }) => verdict === 'improvement',
    );
    expect(back.map(({ what, figure }) => [what, figure])).toEqual(
      there.map(({ what, figure }) => [what, figure]),
    );
  });

  it('does not judge other clients than ours', () => {
    const judged = compare(usual, usual, THRESHOLD).differences.map(({ what }) => what);
    expect(judged.filter((what) => /, (?:pg|ioredis):/.test(what))).toEqual([]);
  });

  it('takes a change that the machine alone could be for none', () => {
    const slow = exampleResult({ slower: 1.12 });
    const noisy = { ...slow, noise: { ...slow.noise, spread: 0.12 } };
    const absolute = (after: BenchResult): string[] =>
      compare(usual, after, THRESHOLD)
        .differences.filter(({ verdict, figure }) => verdict === 'regression' && figure !== 'ratio')
        .map(({ what }) => what);
    expect(absolute(slow).length).toBeGreaterThan(10);
    expect(absolute(noisy)).toEqual([]);
  });

  it.each<[string, (result: BenchResult) => BenchResult, string]>([
    ['another machine', (one) => ({ ...one, machine: { ...one.machine, cores: 8 } }), 'other machines'],
    [
      'a machine that was too noisy',
      (one) => ({ ...one, noise: { ...one.noise, tooNoisy: true } }),
      'too noisy',
    ],
    [
      'a machine that was slower by itself',
      (one) => ({
        ...one,
        noise: {
          ...one.noise,
          controls: one.noise.controls.map(({ at, perSecond }) => ({ at, perSecond: perSecond * 0.8 })),
        },
      }),
      'ran at 80 % of the speed',
    ],
  ])('judges ratios alone on %s', (_, change, why) => {
    const comparison = compare(usual, change(exampleResult({ slower: 1.5 })), THRESHOLD);
    expect(comparison.incomparable.join()).toContain(why);
    const judged = comparison.differences.filter(({ verdict }) => verdict !== 'not judged');
    expect(new Set(judged.map(({ figure }) => figure))).toEqual(new Set(['ratio']));
    expect(judged.filter(({ verdict }) => verdict === 'regression').length).toBeGreaterThan(0);
  });

  it('does not judge what has too few repetitions', () => {
    const few = {
      ...usual,
      measurements: usual.measurements.map((one) => ({ ...one, each: one.each?.slice(0, 3) ?? [] })),
    };
    const p99 = compare(few, few, THRESHOLD).differences.find(({ figure }) => figure === 'p99');
    expect(p99).toMatchObject({ verdict: 'not judged', why: 'too few repetitions for an interval: 3 and 3' });
  });

  it('does not judge ratios of a few pairs, whose interval is none', () => {
    const one = {
      ...usual,
      ratios: usual.ratios.map((ratio) => ({ ...ratio, low: ratio.median, high: ratio.median, pairs: 1 })),
    };
    const halved = {
      ...one,
      ratios: one.ratios.map((ratio) => ({
        ...ratio,
        median: ratio.median / 2,
        low: ratio.median / 2,
        high: ratio.median / 2,
      })),
    };
    const ratios = compare(one, halved, THRESHOLD).differences.filter(({ figure }) => figure === 'ratio');
    expect(new Set(ratios.map(({ verdict, why }) => `${verdict}: ${why}`))).toEqual(
      new Set(['not judged: too few pairs for an interval: 1 and 1']),
    );
  });

  it('calls a lost write a regression, whatever the machine', () => {
    const worse = {
      ...usual,
      machine: { ...usual.machine, cores: 4 },
      failovers: usual.failovers.map((one, n) => (n === 0 ? { ...one, lost: 1 } : one)),
    };
    const lost = compare(usual, worse, THRESHOLD).differences.find(({ figure }) => figure === 'lost');
    expect(lost).toMatchObject({ what: 'haproxy, pg-ha: crash', before: 0, after: 1, verdict: 'regression' });
  });

  it('holds how much later than its server a client is back against 50 ms', () => {
    const later = (ms: number): Difference | undefined => {
      const after = enough({
        ...usual,
        failovers: usual.failovers.map((one) => ({
          ...one,
          each: (one.each ?? []).map((run) => ({ ...run, clientWindowMs: run.clientWindowMs + ms })),
        })),
      });
      return compare(enough(usual), after, THRESHOLD).differences.find(
        ({ figure }) => figure === 'client after server',
      );
    };
    expect(later(30)?.verdict).toBe('no difference');
    expect(later(90)?.verdict).toBe('regression');
    expect(later(-90)?.verdict).toBe('improvement');
  });

  it('calls a client that is never back a regression, whatever it took before', () => {
    const { clientWindowMs: _, each: __, ...first } = usual.failovers[0] as FailoverResult;
    const broken = { ...usual, failovers: [{ ...first, never: true }, ...usual.failovers.slice(1)] };
    const never = (before: BenchResult, after: BenchResult): (string | undefined)[] =>
      compare(before, after, THRESHOLD).differences.flatMap(({ what, figure, verdict }) =>
        figure === 'never back' ? [`${what}: ${verdict}`] : [],
      );
    expect(never(usual, broken)).toEqual(['haproxy, pg-ha: crash: regression']);
    expect(never(broken, usual)).toEqual(['haproxy, pg-ha: crash: improvement']);
    expect(never(broken, broken)).toEqual([]);
  });

  it('shows the window of a client whose server nobody watched, and judges none', () => {
    const own = (clientWindowMs: number): BenchResult => {
      const { each: _, serverWindowMs: __, ...first } = usual.failovers[0] as FailoverResult;
      return { ...usual, failovers: [{ ...first, clientWindowMs }] };
    };
    const { differences } = compare(own(2_000), own(60_000), THRESHOLD);
    expect(differences.find(({ figure }) => figure === 'client window')).toMatchObject({
      before: 2_000,
      after: 60_000,
      verdict: 'not judged',
      why: expect.stringContaining('was not seen') as string,
    });
  });

  it('calls more failures a regression, and what is fast by failing no improvement', () => {
    const failing = (rejected: number, slower: number): BenchResult => {
      const result = exampleResult({ slower });
      return {
        ...result,
        measurements: result.measurements.map((one) => ({ ...one, errors: { ...one.errors, rejected } })),
      };
    };
    const { differences } = compare(usual, failing(2_000, 0.5), THRESHOLD);
    const loads = differences.filter(({ what }) => /, \w+-ha: .*loop/.test(what));
    const verdictsOf = (failed: boolean): string[] => [
      ...new Set(
        loads.filter(({ figure }) => (figure === 'failed') === failed).map(({ verdict }) => verdict),
      ),
    ];
    expect(verdictsOf(true)).toEqual(['regression']);
    expect(verdictsOf(false)).toEqual(['not judged']);
    // One in ten thousand is no other work.
    const few = compare(usual, failing(1, 0.5), THRESHOLD).differences;
    expect(few.find(({ figure }) => figure === 'failed')?.verdict).toBe('no difference');
    expect(few.find(({ figure }) => figure === 'p99')?.verdict).toBe('improvement');
  });

  it('does not count what could not be counted', () => {
    const uncounted = { ...usual, failovers: usual.failovers.map((one) => ({ ...one, uncounted: true })) };
    const lost = { ...usual, failovers: usual.failovers.map((one) => ({ ...one, lost: 3 })) };
    const figures = compare(lost, uncounted, THRESHOLD).differences.map(({ figure }) => figure);
    expect(figures).not.toContain('lost');
  });

  it('names what was measured in one of them alone, and what else changed', () => {
    const less = {
      ...usual,
      measurements: usual.measurements.slice(1),
      versions: { ...usual.versions, PostgreSQL: '16.1' },
    };
    const comparison = compare(usual, less, THRESHOLD);
    expect(comparison.onlyBefore).toEqual(['haproxy, pg-ha: chatwoot, open loop, 200/s']);
    expect(comparison.onlyAfter).toEqual([]);
    expect(comparison.notes).toEqual(['Versions: PostgreSQL 15.14 → 16.1.']);
  });

  it('tells the worst first', () => {
    const slow = exampleResult({ slower: 1.33 });
    const told = tellComparison(compare(usual, slow, THRESHOLD), usual, slow, 0.05);
    expect(told).toMatch(/^# \d+ regressions, 0 improvements\n/);
    expect(told.indexOf('## Regressions')).toBeLessThan(told.indexOf('## No difference shown'));
    expect(told).toMatch(
      /\| haproxy, pg-ha: chatwoot, open loop, 200\/s \| p99 \| 10\.3 ms \| 13\.7 ms \| \+\d+ % \[\+\d+ %, \+\d+ %\] \|/,
    );
  });
});
