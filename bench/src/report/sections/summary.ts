import { deploymentOf } from '../../costs/figures.ts';
import { measuredOf, type Measured } from '../../costs/join.ts';
import { type BenchResult, type FailoverResult, type TargetResult } from '../../result.ts';
import { type Section, type Table } from '../document.ts';
import { change, count, duration, interval, longDuration, outage, plural, short, span } from '../format.ts';
import { isOurs, libraryLabel, missesGoal } from '../labels.ts';

/** What to know if nothing else is read. */
export function summarySection(result: BenchResult): Section {
  return {
    id: 'summary',
    title: 'Summary',
    text: [
      `${plural(result.targets.length, 'target')}, ${plural(result.measurements.length, 'measurement')}, ${plural(result.failovers.length, 'kind')} of failover, in ${longDuration(result.durationMs)}.`,
    ],
    warnings: warnings(result),
    points: points(result),
    tables: [targetTable(result)],
  };
}

function warnings({ noise, failovers, ratios, measurements }: BenchResult): string[] {
  const broken = failovers.filter(
    ({ client, lost, doubled, stuck, never }) => isOurs(client) && (never || lost + doubled + stuck > 0),
  );
  const missed = ratios.filter(missesGoal);
  const failed = measurements.filter(({ errors }) => errors.notSent + errors.rejected + errors.unknown > 0);
  return [
    ...(noise.tooNoisy
      ? [
          `The machine was too noisy: the same work varied by ${change(1 + noise.spread).slice(1)}. Absolute figures and small differences are not to be relied on: repeat the run.`,
        ]
      : []),
    ...broken.map(
      ({ target, client, fault, never, ...counts }) =>
        `${client} on ${target}, ${fault}: ${never ? 'our client was not back by itself; ' : ''}${ledgerOf(counts)}.`,
    ),
    ...missed.map(
      ({ name, ours, other, callers, of, goal, ...ratio }) =>
        `${name}, ${plural(callers, 'caller')}: ${of} of ${ours} / ${other} is ${interval(ratio)} and misses its goal of ${goal}.`,
    ),
    ...(failed.length > 0
      ? [`${plural(failed.length, 'measurement')} had errors: see the latency tables.`]
      : []),
  ];
}

function ledgerOf({
  lost,
  doubled,
  stuck,
  uncounted,
}: Pick<FailoverResult, 'lost' | 'doubled' | 'stuck' | 'uncounted'>): string {
  const kept = uncounted
    ? 'what was lost or doubled could not be counted'
    : `${count(lost)} acknowledged and lost, ${count(doubled)} doubled`;
  return `${kept}, ${count(stuck)} stuck`;
}

function points(result: BenchResult): string[] {
  const rows = measuredOf(result);
  return [
    ...(['pg', 'redis'] as const).flatMap((library) => latencyPoint(library, rows)),
    ...failoverPoint(result.failovers),
    ...ratioPoint(result),
  ];
}

function latencyPoint(library: 'pg' | 'redis', rows: readonly Measured[]): string[] {
  const measured = rows.filter((row) => row.target.library === library && row.p99 !== undefined);
  const [best] = measured.toSorted((a, b) => (a.p99 ?? 0) - (b.p99 ?? 0));
  const worst = measured.toSorted((a, b) => (b.p99 ?? 0) - (a.p99 ?? 0))[0];
  if (best?.p99 === undefined || worst?.p99 === undefined || best.load === undefined) return [];
  const range =
    best === worst
      ? `a p99 of ${duration(best.p99)} on ${best.target.name}`
      : `a p99 from ${duration(best.p99)} (${best.target.name}) to ${duration(worst.p99)} (${worst.target.name})`;
  return [`${libraryLabel(library)}, ${best.load}: ${range}.`];
}

function failoverPoint(failovers: readonly FailoverResult[]): string[] {
  const ours = failovers.filter(({ client }) => isOurs(client));
  if (ours.length === 0) return [];
  const runs = ours.reduce((sum, { repetitions }) => sum + repetitions, 0);
  const [lost, doubled] = [sumOf(ours, 'lost'), sumOf(ours, 'doubled')];
  const lags = ours.flatMap(({ serverWindowMs, clientWindowMs }) =>
    serverWindowMs === undefined || clientWindowMs === undefined ? [] : [clientWindowMs - serverWindowMs],
  );
  const lag =
    lags.length > 0
      ? ` ${ours.some(({ never }) => never) ? 'Those clients that were back were so' : 'Clients were back'} at most ${duration(Math.max(0, ...lags))} after their servers (medians).`
      : '';
  return [
    `${plural(runs, 'failover')} with our clients: ${count(lost)} acknowledged writes lost, ${count(doubled)} doubled.${lag}`,
  ];
}

function sumOf(failovers: readonly FailoverResult[], key: 'lost' | 'doubled'): number {
  return failovers.reduce((sum, failover) => sum + failover[key], 0);
}

function ratioPoint({ ratios }: BenchResult): string[] {
  const withGoal = ratios.filter(({ goal }) => goal !== undefined);
  if (withGoal.length === 0) return [];
  const missed = withGoal.filter(missesGoal).length;
  return [
    `${count(withGoal.length - missed)} of ${plural(withGoal.length, 'ratio')} with a goal meet it, or come too close to tell.`,
  ];
}

function targetTable(result: BenchResult): Table {
  const rows = measuredOf(result);
  const loads = new Set(rows.flatMap(({ load }) => load ?? []));
  return {
    title: `p99 with our client${loads.size > 0 ? ` (${[...loads].join('; ')})` : ''}, what an unplanned failover cost it, and the price`,
    columns: [
      { title: 'target' },
      { title: 'strategy' },
      { title: 'p99, ms', align: 'right' },
      { title: 'failover', align: 'right' },
      { title: 'a month', align: 'right' },
    ],
    rows: rows.map(({ target, p99, failover }) => [
      target.name,
      target.strategy,
      p99 === undefined ? '–' : short(p99),
      failover ? `${outage(failover.ms)} (${failover.fault})` : '–',
      priceOf(target),
    ]),
  };
}

function priceOf({ deployment }: TargetResult): string {
  if (deployment === undefined) return '–';
  const { low, high, currency } = deploymentOf(deployment).price;
  return `${span(low, high)} ${currency}`;
}
