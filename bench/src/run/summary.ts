import { hasInterval } from '../report/labels.ts';
import type { BenchResult, Measurement, RatioResult } from '../result.ts';

/** A run in a few tables for the terminal. */
export function summaryOf({ measurements, ratios, failovers, noise, notes }: BenchResult): string {
  return [
    table(
      ['target', 'client', 'workload', 'load', 'per s', 'p50 ms', 'p99 ms', 'failed', 'CPU µs'],
      measurements.map(measurementRow),
    ),
    ratios.length > 0
      ? table(['ours / stock', 'callers', 'of', 'ratio', '95 %'], ratios.map(ratioRow))
      : undefined,
    failovers.length > 0
      ? table(
          [
            'failover of',
            'client',
            'fault',
            'server ms',
            'client ms',
            'failed',
            'unknown',
            'lost',
            'doubled',
          ],
          failovers.map((each) => [
            each.target,
            each.client,
            each.fault,
            whole(each.serverWindowMs),
            each.never ? 'never' : whole(each.clientWindowMs),
            ...[each.failed, each.unknown].map(String),
            ...[each.lost, each.doubled].map((value) => (each.uncounted ? '–' : String(value))),
          ]),
        )
      : undefined,
    `Control work varied by ${Math.round(noise.spread * 100)} %.`,
    ...notes.map((note) => `- ${note}`),
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

function measurementRow({
  target,
  client,
  workload,
  loop,
  perSecond,
  latency,
  errors,
  operations,
  cpuMicros,
}: Measurement): string[] {
  const load =
    loop.kind === 'open'
      ? `${loop.perSecond}/s`
      : loop.kind === 'closed'
        ? `${loop.callers} callers`
        : `most with p${loop.objective.percentile} ≤ ${loop.objective.ms} ms`;
  const failed = errors.notSent + errors.rejected + errors.unknown;
  return [
    target,
    client,
    workload,
    load,
    whole(perSecond),
    ...[latency.p50, latency.p99].map((ms) => (latency.count === 0 ? '–' : ms.toFixed(2))),
    String(failed),
    whole(operations === 0 ? undefined : cpuMicros),
  ];
}

function ratioRow(ratio: RatioResult): string[] {
  const { name, callers, of, median, low, high } = ratio;
  const interval = hasInterval(ratio) ? `[${low.toFixed(2)}, ${high.toFixed(2)}]` : 'too few pairs';
  return [name, String(callers), of, median.toFixed(3), interval];
}

function whole(value: number | undefined): string {
  return value === undefined ? '–' : Math.round(value).toLocaleString('en');
}

/** Words to the left, figures to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const isFigure = head.map((_, at) => rows.every((row) => /^[\d.,–-]+$/.test(row[at] ?? '')));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (isFigure[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n');
}
