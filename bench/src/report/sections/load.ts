import { type BenchResult, type Measurement } from '../../result.ts';
import { latencyChart } from '../charts/latency-chart.ts';
import { roomy, rowChart } from '../charts/row-chart.ts';
import { type Chart, type Look, type Section, type Table } from '../document.ts';
import { count, rate, times } from '../format.ts';
import { libraryLabel, loopLabel, panelsOf, who, type Panel } from '../labels.ts';

type Looks = ReadonlyMap<string, Look>;

/** How long operations took, one chart and one table for each workload at each load. */
export function latencySection({ targets, measurements }: BenchResult, looks: Looks): Section | undefined {
  const panels = panelsOf(targets, measurements);
  if (panels.length === 0) return undefined;
  return {
    id: 'latency',
    title: 'Latency',
    text: [
      'In an open loop calls begin at their times whatever became of those before them, and latency counts from the intended time: a stall is felt by all that would have come meanwhile. In a closed loop each caller waits for its answer before it asks again, so a stall is felt by few.',
    ],
    charts: panels.filter(hasTimes).map((panel) =>
      latencyChart(
        titleOf(panel),
        panel.measurements
          .filter(({ latency }) => latency.count > 0)
          .map((one) => ({
            name: who(one),
            latency: one.latency,
            look: lookAt(looks, who(one)),
          })),
      ),
    ),
    tables: panels.flatMap((panel) => [latencyTable(panel), ...kindTable(panel)]),
  };
}

/** How much each did, where it was not told how much to do. */
export function throughputSection({ targets, measurements }: BenchResult, looks: Looks): Section | undefined {
  const panels = panelsOf(targets, measurements).filter(({ loop }) => loop.kind !== 'open');
  if (panels.length === 0) return undefined;
  return {
    id: 'throughput',
    title: 'Throughput',
    charts: panels.map((panel) => throughputChart(panel, looks)),
    tables: panels.map(resourceTable),
  };
}

/** A logarithmic axis needs something to stand on. */
function hasTimes({ measurements }: Panel): boolean {
  return measurements.some(({ latency }) => latency.count > 0);
}

function titleOf({ library, workload, loop }: Panel): string {
  return `${libraryLabel(library)}, ${workload}: ${loopLabel(loop)}`;
}

function lookAt(looks: Looks, name: string): Look {
  return looks.get(name) ?? { color: 'var(--series-1)', dash: [], symbol: 'circle' };
}

function throughputChart(panel: Panel, looks: Looks): Chart {
  const sorted = panel.measurements.toSorted((a, b) => b.perSecond - a.perSecond);
  return rowChart({
    title: titleOf(panel),
    summary: sorted.map((one) => `${who(one)} ${rate(one.perSecond)}/s`).join('; '),
    axis: {
      name: 'operations per second',
      type: 'value',
      min: 0,
      max: roomy(Math.max(...sorted.map(({ perSecond }) => perSecond))),
      noteLetters: 7,
    },
    rows: sorted.map((one) => ({
      name: who(one),
      marks: [{ kind: 'bar', from: 0, to: one.perSecond, color: lookAt(looks, who(one)).color }],
      note: rate(one.perSecond),
    })),
  });
}

const failed = ({ errors }: Measurement): number => errors.notSent + errors.rejected + errors.unknown;

function latencyTable(panel: Panel): Table {
  return {
    title: `${titleOf(panel)}, ms`,
    columns: [
      { title: 'target, client' },
      ...['p50', 'p90', 'p99', 'p99.9', 'max', 'operations', 'not sent', 'rejected', 'unknown'].map(
        (title) => ({ title, align: 'right' as const }),
      ),
    ],
    rows: panel.measurements.map((one) => [
      who(one),
      ...times(
        one.latency,
        one.latency.p50,
        one.latency.p90,
        one.latency.p99,
        one.latency.p999,
        one.latency.max,
      ),
      count(one.operations),
      ...(failed(one) === 0
        ? ['0', '0', '0']
        : [one.errors.notSent, one.errors.rejected, one.errors.unknown].map(count)),
    ]),
  };
}

/** Each kind of operation by itself, where a workload has several. */
function kindTable(panel: Panel): Table[] {
  const rows = panel.measurements.flatMap((one) =>
    Object.entries(one.byKind ?? {}).map(([kind, latency]) => [
      who(one),
      kind,
      ...times(latency, latency.p50, latency.p99, latency.max),
      count(latency.count),
    ]),
  );
  if (rows.length === 0) return [];
  return [
    {
      title: `${titleOf(panel)}, by kind of operation, ms`,
      folded: true,
      columns: [
        { title: 'target, client' },
        { title: 'kind' },
        ...['p50', 'p99', 'max', 'operations'].map((title) => ({ title, align: 'right' as const })),
      ],
      rows,
    },
  ];
}

function resourceTable(panel: Panel): Table {
  const optional = (value: number | undefined): string => (value === undefined ? '–' : count(value));
  return {
    title: titleOf(panel),
    columns: [
      { title: 'target, client' },
      ...[
        'per second',
        'CPU per operation, µs',
        'p99, ms',
        'connections',
        'bytes sent',
        'bytes received',
      ].map((title) => ({ title, align: 'right' as const })),
    ],
    rows: panel.measurements
      .toSorted((a, b) => b.perSecond - a.perSecond)
      .map((one) => [
        who(one),
        rate(one.perSecond),
        one.operations === 0 ? '–' : rate(one.cpuMicros),
        ...times(one.latency, one.latency.p99),
        optional(one.connections),
        optional(one.bytes?.sent),
        optional(one.bytes?.received),
      ]),
  };
}
