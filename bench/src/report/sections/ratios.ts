import { type BenchResult, type RatioResult } from '../../result.ts';
import { rowChart, type Mark } from '../charts/row-chart.ts';
import { type Chart, type Section, type Table } from '../document.ts';
import { count, interval } from '../format.ts';
import { hasInterval, missesGoal, moreIsBetter, ratioOfLabel } from '../labels.ts';

const KINDS = ['throughput', 'p99', 'cpu', 'memory'] as const;

/** Ours against others, measured in turn. */
export function ratiosSection({ ratios }: BenchResult): Section | undefined {
  if (ratios.length === 0) return undefined;
  const kinds = KINDS.filter((of) => ratios.some((ratio) => ratio.of === of));
  return {
    id: 'ratios',
    title: 'Ratios to other clients',
    text: [
      'Ours divided by the other, measured in turn in the same run; the median of the pairs with its 95 % interval by bootstrap. An interval that contains 1 shows no difference, and fewer than six pairs have none.',
    ],
    charts: kinds.map((of) =>
      forest(
        of,
        ratios.filter((ratio) => ratio.of === of),
      ),
    ),
    tables: kinds.map((of) =>
      table(
        of,
        ratios.filter((ratio) => ratio.of === of),
      ),
    ),
  };
}

function nameOf({ name, other, callers }: RatioResult): string {
  return `${name} / ${other}, ${count(callers)}`;
}

function forest(of: RatioResult['of'], ratios: readonly RatioResult[]): Chart {
  const all = ratios.flatMap(({ low, high, goal = 1 }) => [low, high, goal, 1]).filter((one) => one > 0);
  const [low, high] = [Math.min(0.9, ...all), Math.max(1.1, ...all)];
  // Where ratios differ by a magnitude, half and double should be as far from 1.
  const wide = high / low > 8;
  return rowChart({
    title: ratioOfLabel(of),
    summary: ratios.map((ratio) => `${nameOf(ratio)} callers: ${interval(ratio)}`).join('; '),
    legend: [
      { name: 'better, with confidence', look: { color: 'var(--good)', dash: [], symbol: 'circle' } },
      { name: 'no difference shown', look: { color: 'var(--muted)', dash: [], symbol: 'circle' } },
      { name: 'worse, with confidence', look: { color: 'var(--bad)', dash: [], symbol: 'circle' } },
      { name: 'goal', look: { color: 'var(--series-4)', dash: [], symbol: 'tick' } },
    ],
    axis: {
      name: 'ours / other; behind each name the number of callers',
      type: wide ? 'log' : 'value',
      min: low * 0.97,
      max: high * 1.03,
      format: (value) => value.toFixed(high - low < 0.6 ? 2 : value < 10 ? 1 : 0),
      lines: [{ at: 1, color: 'var(--muted)', dashed: true }],
    },
    rows: ratios.map((ratio) => ({ name: nameOf(ratio), marks: marks(ratio) })),
  });
}

function marks(ratio: RatioResult): Mark[] {
  const { low, high, median, goal } = ratio;
  const color = colorOf(ratio);
  return [
    ...(goal === undefined ? [] : [{ kind: 'tick', at: goal, color: 'var(--series-4)' } as const]),
    ...(hasInterval(ratio) ? [{ kind: 'whisker', from: low, to: high, color } as const] : []),
    { kind: 'point', at: median, color },
  ];
}

function colorOf(ratio: RatioResult): string {
  const { of, low, high } = ratio;
  if (!hasInterval(ratio) || (low <= 1 && high >= 1)) return 'var(--muted)';
  return low > 1 === moreIsBetter(of) ? 'var(--good)' : 'var(--bad)';
}

function table(of: RatioResult['of'], ratios: readonly RatioResult[]): Table {
  return {
    title: ratioOfLabel(of),
    columns: [
      { title: 'what' },
      { title: 'ours / other' },
      { title: 'target' },
      { title: 'callers', align: 'right' },
      { title: 'ratio [95 %]', align: 'right' },
      { title: 'goal', align: 'right' },
      { title: 'pairs', align: 'right' },
      { title: 'profile' },
    ],
    rows: ratios.map((ratio) => [
      ratio.name,
      `${ratio.ours} / ${ratio.other}`,
      ratio.target,
      count(ratio.callers),
      hasInterval(ratio) ? interval(ratio) : ratio.median.toFixed(2),
      ratio.goal === undefined
        ? '–'
        : `${moreIsBetter(of) ? '≥' : '≤'} ${ratio.goal}${missesGoal(ratio) ? ', missed' : ''}`,
      count(ratio.pairs),
      ratio.profile ?? '–',
    ]),
  };
}
