import { type Column, type Document, type Section, type Table } from '../report/document.ts';
import { change as percent, count, duration, plural, rate, short } from '../report/format.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { type BenchResult } from '../result.ts';
import { type Comparison, type Difference, type Verdict } from './compare.ts';

const TITLES: Readonly<Record<Verdict, string>> = {
  regression: 'Regressions',
  improvement: 'Improvements',
  'not judged': 'Not judged',
  'no difference': 'No difference shown',
};

/** What changed, as Markdown: the worst first. */
export function tellComparison(
  comparison: Comparison,
  before: BenchResult,
  after: BenchResult,
  threshold: number,
): string {
  const { differences, incomparable, notes, onlyBefore, onlyAfter } = comparison;
  const of = (verdict: Verdict): readonly Difference[] =>
    differences.filter((one) => one.verdict === verdict);
  const document: Document = {
    title: `${plural(of('regression').length, 'regression')}, ${plural(of('improvement').length, 'improvement')}`,
    subtitle: `${before.startedAt} → ${after.startedAt}. A change counts where its whole 95 % interval, widened by what the machine itself varied, is beyond ${(threshold * 100).toFixed(0)} %; behind a failover, beyond 50 ms.`,
    sections: [
      ...remarks(incomparable, notes),
      ...(['regression', 'improvement', 'not judged', 'no difference'] as const).flatMap((verdict) =>
        tableSection(verdict, of(verdict)),
      ),
      ...missing('Only in the first', onlyBefore),
      ...missing('Only in the second', onlyAfter),
    ],
  };
  return renderMarkdown(document);
}

function remarks(incomparable: readonly string[], notes: readonly string[]): Section[] {
  if (incomparable.length + notes.length === 0) return [];
  return [
    {
      id: 'remarks',
      title: 'To know',
      warnings: incomparable.map((why) => `Not comparable but for ratios and counts: ${why}.`),
      points: notes,
    },
  ];
}

function missing(title: string, what: readonly string[]): Section[] {
  return what.length === 0 ? [] : [{ id: title, title, points: what }];
}

function tableSection(verdict: Verdict, differences: readonly Difference[]): Section[] {
  if (differences.length === 0) return [];
  return [{ id: verdict, title: TITLES[verdict], tables: [table(verdict, differences)] }];
}

function table(verdict: Verdict, differences: readonly Difference[]): Table {
  const columns: Column[] = [
    { title: 'what' },
    { title: 'figure' },
    { title: 'before', align: 'right' },
    { title: 'after', align: 'right' },
    { title: 'change [95 %]', align: 'right' },
  ];
  return {
    title: plural(differences.length, 'figure'),
    columns: verdict === 'not judged' ? [...columns, { title: 'why' }] : columns,
    rows: differences.map((one) => [
      one.what,
      one.figure,
      value(one.before, one.unit),
      value(one.after, one.unit),
      changed(one),
      ...(verdict === 'not judged' ? [one.why ?? ''] : []),
    ]),
  };
}

function value(amount: number, unit: Difference['unit']): string {
  switch (unit) {
    case 'ms':
      return Math.abs(amount) < 1_000 ? `${short(amount)} ms` : duration(amount);
    case '/s':
      return `${rate(amount)}/s`;
    case 'µs':
      return `${short(amount)} µs`;
    case 'share':
      return `${(amount * 100).toFixed(2)} %`;
    case 'count':
      return count(amount);
    case '':
      return amount.toFixed(2);
  }
}

function changed({ change }: Difference): string {
  if (!change) return '–';
  const { kind, middle, low, high } = change;
  const show = kind === 'ratio' ? percent : signed;
  return `${show(middle)} [${show(low)}, ${show(high)}]`;
}

function signed(ms: number): string {
  return `${ms > 0 ? '+' : ''}${duration(ms)}`;
}
