import { type Latency } from '../../result.ts';
import { type Chart, type Look, type Width } from '../document.ts';
import { AXIS, axisNumber, frame } from './frame.ts';

/** One line: the latencies of one client on one target. */
export interface LatencyLine {
  readonly name: string;
  readonly latency: Latency;
  readonly look: Look;
}

/** Beyond this share of operations nothing is drawn: so few of them were so slow that it is chance. */
const MAX_NINES = 5;

/** The fastest are of no interest, and would take most of the upright axis. */
const START_PERCENTILE = 10;

/**
 * Latency by percentile, both on logarithmic axes: the percentiles by what is left above them (50, 90, 99, 99.9 %), so that
 * the tail has as much room as the middle.
 */
export function latencyChart(title: string, lines: readonly LatencyLine[]): Chart {
  return {
    title,
    summary: `Latency in ms by percentile, for ${lines.map(({ name }) => name).join('; ')}.`,
    legend: lines.map(({ name, look }) => ({ name, look })),
    draw: (width) => frame(width === 'wide' ? 380 : 300, option(lines, width)),
  };
}

function option(lines: readonly LatencyLine[], width: Width): ReturnType<typeof frame>['option'] {
  return {
    grid: { left: width === 'wide' ? 62 : 46, right: width === 'wide' ? 28 : 14, top: 30, bottom: 46 },
    xAxis: {
      ...AXIS,
      type: 'value',
      min: 0,
      max: Math.max(1, ...lines.map((line) => lastNines(line.latency))) + 0.1,
      interval: 1,
      name: 'percentile',
      nameLocation: 'middle',
      nameGap: 28,
      axisLabel: { ...AXIS.axisLabel, formatter: percentileLabel },
    },
    yAxis: {
      ...AXIS,
      type: 'log',
      ...bounds(lines.flatMap(({ latency }) => points(latency).map(([, ms]) => ms))),
      name: 'ms',
      nameLocation: 'end',
      nameTextStyle: { ...AXIS.nameTextStyle, align: 'right', padding: [0, 6, 0, 0] },
      axisLabel: { ...AXIS.axisLabel, formatter: axisNumber },
    },
    series: lines.map(({ name, latency, look }) => ({
      type: 'line',
      name,
      data: points(latency),
      showSymbol: false,
      lineStyle: { color: look.color, width: 2, type: look.dash.length > 0 ? [...look.dash] : 'solid' },
      itemStyle: { color: look.color },
    })),
  };
}

/** The nearest 1, 2 or 5 times a power of ten around all of them: a whole decade would leave half of the chart empty. */
function bounds(values: readonly number[]): { min: number; max: number } {
  const steps = Array.from({ length: 33 }, (_, n) => (STEPS[n % 3] ?? 1) * 10 ** (Math.floor(n / 3) - 4));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return {
    min: steps.findLast((step) => step < least) ?? 0.0001,
    max: steps.find((step) => step > most) ?? most,
  };
}

const STEPS = [1, 2, 5];

/** How many nines a percentile has: 0 for none, 1 for 90, 2 for 99. */
function nines(percentile: number): number {
  return -Math.log10(1 - Math.min(percentile, 100 - 10 ** -(MAX_NINES + 2)) / 100);
}

/** The highest that so many operations can tell: with a thousand, p99.9 is the slowest one. */
function lastNines({ count, curve }: Latency): number {
  const highest = nines(curve.at(-1)?.[0] ?? 99.9);
  return Math.min(MAX_NINES, highest, Math.max(1, Math.log10(Math.max(1, count))));
}

function points(latency: Latency): [number, number][] {
  const last = lastNines(latency);
  const start = nines(START_PERCENTILE);
  // A logarithmic axis has no zero.
  const floor = 0.001;
  return latency.curve
    .map(([percentile, ms]): [number, number] => [nines(percentile), Math.max(ms, floor)])
    .filter(([x]) => x >= start && x <= last + 1e-9);
}

function percentileLabel(nine: number): string {
  if (!Number.isInteger(nine)) return '';
  if (nine === 0) return '0';
  const digits = Math.max(0, nine - 2);
  return `${(100 * (1 - 10 ** -nine)).toFixed(digits)} %`;
}
