import { type BenchResult, type FailoverResult } from '../../result.ts';
import { IDLE, rowChart, type Row } from '../charts/row-chart.ts';
import { type Chart, type Section, type Table } from '../document.ts';
import { count, duration } from '../format.ts';

/** The order of lanes from cause to effect; others follow as they come. */
const LANES = ['fault', 'primary', 'master', 'server', 'haproxy', 'sentinels', 'dns', 'client'];

/** What is no name of anything: nobody serves, somebody waits, something fails. */
const IDLE_WORDS = /^(?:none|nothing|nobody|down|gone|waits?|holds?|searches|no\b)/i;
const BAD_WORDS = /fail|error|unknown|lost/i;
/** Of members, addresses and whatever else has a name: the old primary's, the new one's, and others'. */
const COLORS = ['var(--series-1)', 'var(--good)', 'var(--series-4)', 'var(--series-7)'];

/** What happened when: one lane for each that takes part, on one axis of time. */
export function failoverSection({ failovers }: BenchResult): Section | undefined {
  if (failovers.length === 0) return undefined;
  return {
    id: 'failover',
    title: 'Failover',
    text: [
      'Windows count from the fault; where nobody watched the servers, as with a failover command of your own, the client window counts from the last write before it. The server window ends with the first write that the new primary took from an observer which is none of the clients; the client window ends with the first write that it acknowledged to the client. The timelines show one run each.',
    ],
    charts: failovers.filter(({ timeline }) => timeline.length > 0).flatMap(timelineCharts),
    tables: [failoverTable(failovers)],
  };
}

type Span = FailoverResult['timeline'][number];

/** The whole of it, and where that is long, the moment of recovery by itself: there the milliseconds are. */
function timelineCharts({ target, client, fault, timeline }: FailoverResult): Chart[] {
  const title = `${target}, ${client}: ${fault}`;
  const start = Math.min(...timeline.map(({ from }) => from));
  const end = Math.max(...timeline.map(({ to }) => to));
  const last = new Map(timeline.toSorted((a, b) => a.from - b.from).map(({ lane, from }) => [lane, from]));
  const [first, final] = [Math.min(...last.values()), Math.max(...last.values())];
  const margin = Math.max(100, (final - first) / 2);
  const colors = colorsOf(timeline);
  const whole = timelineChart(title, timeline, colors, [start, end]);
  if (final - first + 2 * margin > (end - start) / 8) return [whole];
  return [whole, timelineChart(`${title}, the recovery`, timeline, colors, [first - margin, final + margin])];
}

function timelineChart(
  title: string,
  timeline: readonly Span[],
  colors: ReadonlyMap<string, string>,
  [start, end]: readonly [number, number],
): Chart {
  const shown = timeline.filter(({ from, to }) => to > start && from < end);
  const names = [...new Set(shown.map(({ lane }) => lane))].toSorted((a, b) => rank(a) - rank(b));
  const seconds = end > 5_000;
  const unit = { name: `${seconds ? 's' : 'ms'} after the fault`, ms: seconds ? 1_000 : 1 };
  const digits = end - start > 2_000 ? 0 : 2;
  const clip = (at: number): number => Math.min(Math.max(at, start), end) / unit.ms;
  return rowChart({
    title,
    summary: shown
      .map(({ lane, from, to, what }) => `${lane}: ${what} from ${duration(from)} to ${duration(to)}`)
      .join('; '),
    legend: [...colors]
      .filter(([name]) => shown.some(({ what }) => what === name))
      .map(([name, color]) => ({ name, look: { color, dash: [], symbol: 'rect' } })),
    axis: {
      name: unit.name,
      type: 'value',
      min: start / unit.ms,
      max: end / unit.ms,
      ...(seconds ? { format: (value: number) => value.toFixed(digits) } : {}),
    },
    rows: names.map((name): Row => ({
      name,
      marks: shown
        .filter(({ lane }) => lane === name)
        .map(({ from, to, what }) => ({
          kind: 'bar',
          from: clip(from),
          to: clip(to),
          color: colors.get(what) ?? IDLE,
          text: what,
        })),
    })),
  });
}

function rank(lane: string): number {
  const found = LANES.findIndex((name) => lane.toLowerCase().startsWith(name));
  return found === -1 ? LANES.length : found;
}

/** The same thing has the same colour in all lanes: one sees when each of them goes from the old member to the new one. */
function colorsOf(timeline: readonly Span[]): ReadonlyMap<string, string> {
  const sorted = timeline.toSorted((a, b) => rank(a.lane) - rank(b.lane) || a.from - b.from);
  const names = [...new Set(sorted.map(({ what }) => what))];
  const named = names.filter((name) => !IDLE_WORDS.test(name) && !BAD_WORDS.test(name));
  return new Map(
    names.map((name) => {
      if (BAD_WORDS.test(name)) return [name, 'var(--bad)'];
      if (IDLE_WORDS.test(name)) return [name, IDLE];
      return [name, COLORS[named.indexOf(name) % COLORS.length] ?? IDLE];
    }),
  );
}

function failoverTable(failovers: readonly FailoverResult[]): Table {
  const time = (ms: number | undefined): string => (ms === undefined ? '–' : duration(ms));
  return {
    title: 'Medians of the runs; counts of all of them together',
    columns: [
      { title: 'target, client' },
      { title: 'fault' },
      ...[
        'runs',
        'server window',
        'client window',
        'difference',
        'failed',
        'unknown',
        'lost',
        'doubled',
        'stuck',
      ].map((title) => ({ title, align: 'right' as const })),
    ],
    rows: failovers.map((one) => [
      `${one.target}, ${one.client}`,
      one.fault,
      count(one.repetitions),
      time(one.serverWindowMs),
      one.never ? 'never' : time(one.clientWindowMs),
      one.serverWindowMs === undefined || one.clientWindowMs === undefined
        ? '–'
        : duration(one.clientWindowMs - one.serverWindowMs),
      ...[one.failed, one.unknown].map(count),
      ...[one.lost, one.doubled].map((value) => (one.uncounted ? '–' : count(value))),
      count(one.stuck),
    ]),
  };
}
