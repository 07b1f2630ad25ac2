import { failAlike, failedShare } from '../method/failed-share.ts';
import { median } from '../ratio.ts';
import { hasInterval, isOurs, loopLabel, moreIsBetter, who } from '../report/labels.ts';
import { type BenchResult, type Measurement, type RatioResult, type Repetition } from '../result.ts';
import { failoverDifferences, failoverKey } from './failovers.ts';
import { ratioShift, tooFew, type Shift } from './shift.ts';

export type Verdict = 'regression' | 'improvement' | 'no difference' | 'not judged';

/** One figure in both results. */
export interface Difference {
  readonly what: string;
  readonly figure: string;
  readonly before: number;
  readonly after: number;
  readonly unit: 'ms' | '/s' | 'µs' | '' | 'count' | 'share';
  /** `ratio`: after to before; `shift`: after minus before, ms; absent where there is none */
  readonly change?: Shift & { readonly kind: 'ratio' | 'shift' };
  readonly verdict: Verdict;
  /** why it is not judged */
  readonly why?: string;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** what was measured in one of them alone */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  /** why figures of this machine are not held against each other, where they are not */
  readonly incomparable: readonly string[];
  /** what else is different, and may be the reason */
  readonly notes: readonly string[];
}

export interface CompareOptions {
  /** a change smaller than this is none, as a share: 0.05 */
  readonly threshold: number;
}

/** Controls that differ by more show a machine that was another one, whatever its name. */
const MACHINE_SHARE = 0.1;

/** What changed from one result to another, with how sure that is. */
export function compare(before: BenchResult, after: BenchResult, options: CompareOptions): Comparison {
  const incomparable = whyIncomparable(before, after);
  const drift = driftOf(before, after);
  const loads = pair(judged(before.measurements), judged(after.measurements), measurementKey);
  const ratios = pair(before.ratios, after.ratios, ratioKey);
  const failovers = pair(judged(before.failovers), judged(after.failovers), failoverKey);
  return {
    differences: [
      ...loads.both.flatMap((both) => loadDifferences(both, { ...options, drift, incomparable })),
      ...ratios.both.map((both) => ratioDifference(both, options)),
      ...failovers.both.flatMap((both) => failoverDifferences(both, incomparable)),
    ],
    onlyBefore: [...loads.onlyBefore, ...ratios.onlyBefore, ...failovers.onlyBefore],
    onlyAfter: [...loads.onlyAfter, ...ratios.onlyAfter, ...failovers.onlyAfter],
    incomparable,
    notes: notesOn(before, after),
  };
}

export type Both<T> = readonly [before: T, after: T];

/** Other clients are there to be compared with, not to be judged; where there is none of ours, all are. */
function judged<T extends { readonly client: string }>(all: readonly T[]): readonly T[] {
  const ours = all.filter(({ client }) => isOurs(client));
  return ours.length > 0 ? ours : all;
}

interface Paired<T> {
  readonly both: readonly Both<T>[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

function pair<T>(before: readonly T[], after: readonly T[], keyOf: (one: T) => string): Paired<T> {
  const [old, fresh] = [before, after].map((list) => new Map(list.map((one) => [keyOf(one), one])));
  if (!old || !fresh) return { both: [], onlyBefore: [], onlyAfter: [] };
  return {
    both: [...old].flatMap(([key, one]) => {
      const other = fresh.get(key);
      return other === undefined ? [] : [[one, other] as const];
    }),
    onlyBefore: [...old.keys()].filter((key) => !fresh.has(key)),
    onlyAfter: [...fresh.keys()].filter((key) => !old.has(key)),
  };
}

const measurementKey = (one: Measurement): string => `${who(one)}: ${one.workload}, ${loopLabel(one.loop)}`;
const ratioKey = ({ name, ours, other, target, workload, callers, of }: RatioResult): string =>
  `${name}: ${of} of ${ours} / ${other} on ${target}, ${workload}, ${callers}`;

/** Why absolute figures say nothing about what changed in the software. */
function whyIncomparable(before: BenchResult, after: BenchResult): string[] {
  const [old, fresh] = [before.machine, after.machine];
  const speed = speedOf(before, after);
  return [
    ...(old.cpu === fresh.cpu && old.cores === fresh.cores
      ? []
      : [`other machines: ${old.cpu}, ${old.cores} cores; ${fresh.cpu}, ${fresh.cores} cores`]),
    ...[before, after]
      .filter(({ noise }) => noise.tooNoisy)
      .map(({ startedAt }) => `the machine was too noisy in the run of ${startedAt}`),
    ...(Math.abs(speed - 1) > MACHINE_SHARE
      ? [`the same control work ran at ${(speed * 100).toFixed(0)} % of the speed of before`]
      : []),
  ];
}

function speedOf(before: BenchResult, after: BenchResult): number {
  const [old, fresh] = [before, after].map(({ noise }) => noise.controls.map(({ perSecond }) => perSecond));
  return old?.length && fresh?.length ? median(fresh) / median(old) : 1;
}

/** How much of a change the machine alone could be, as a share. */
function driftOf(before: BenchResult, after: BenchResult): number {
  return Math.max(before.noise.spread, after.noise.spread, Math.abs(speedOf(before, after) - 1));
}

function notesOn(before: BenchResult, after: BenchResult): string[] {
  const names = new Set([...Object.keys(before.versions), ...Object.keys(after.versions)]);
  const versions = [...names]
    .filter((name) => before.versions[name] !== after.versions[name])
    .map((name) => `${name} ${before.versions[name] ?? 'none'} → ${after.versions[name] ?? 'none'}`);
  return [
    ...(versions.length > 0 ? [`Versions: ${versions.join(', ')}.`] : []),
    ...(before.seed === after.seed
      ? []
      : [`Seeds: ${before.seed} → ${after.seed}: other data, another order.`]),
    ...(before.command === after.command ? [] : [`Commands: ${before.command} → ${after.command}.`]),
  ];
}

interface LoadContext extends CompareOptions {
  readonly drift: number;
  readonly incomparable: readonly string[];
}

interface Figure {
  readonly name: string;
  readonly unit: Difference['unit'];
  readonly more: boolean;
  readonly whole: (one: Measurement) => number;
  readonly each: (one: Repetition) => number;
}

const FIGURES: readonly Figure[] = [
  {
    name: 'throughput',
    unit: '/s',
    more: true,
    whole: ({ perSecond }) => perSecond,
    each: ({ perSecond }) => perSecond,
  },
  { name: 'p50', unit: 'ms', more: false, whole: ({ latency }) => latency.p50, each: ({ p50 }) => p50 },
  { name: 'p99', unit: 'ms', more: false, whole: ({ latency }) => latency.p99, each: ({ p99 }) => p99 },
  {
    name: 'CPU per operation',
    unit: 'µs',
    more: false,
    whole: ({ cpuMicros }) => cpuMicros,
    each: ({ cpuMicros }) => cpuMicros,
  },
];

/** Failing is no way to be fast: where another share failed, the other figures are not of the same work. */
function loadDifferences(both: Both<Measurement>, context: LoadContext): Difference[] {
  const incomparable = failAlike(...both)
    ? context.incomparable
    : ['another share of operations failed: it is not the same work', ...context.incomparable];
  return [...failedDifference(both, context), ...figureDifferences(both, { ...context, incomparable })];
}

function failedDifference([before, after]: Both<Measurement>, { incomparable }: LoadContext): Difference[] {
  const [old, fresh] = [failedShare(before), failedShare(after)];
  if (old + fresh === 0) return [];
  const base = {
    what: measurementKey(before),
    figure: 'failed',
    before: old,
    after: fresh,
    unit: 'share' as const,
  };
  const [why] = incomparable;
  if (why !== undefined) return [{ ...base, verdict: 'not judged', why }];
  if (failAlike(before, after)) return [{ ...base, verdict: 'no difference' }];
  return [{ ...base, verdict: fresh > old ? 'regression' : 'improvement' }];
}

/** In an open loop the rate was given, and says nothing. */
function figureDifferences([before, after]: Both<Measurement>, context: LoadContext): Difference[] {
  return FIGURES.filter(({ name }) => name !== 'throughput' || before.loop.kind !== 'open').map((figure) => {
    const base = {
      what: measurementKey(before),
      figure: figure.name,
      before: figure.whole(before),
      after: figure.whole(after),
      unit: figure.unit,
    };
    const [old, fresh] = [before.each ?? [], after.each ?? []].map((each) => each.map(figure.each));
    if (!old || !fresh || [...old, ...fresh].some((value) => !(value > 0)))
      return { ...base, verdict: 'not judged', why: 'it has figures that are not positive' };
    const shift = ratioShift(old, fresh);
    if (!shift) return { ...base, verdict: 'not judged', why: tooFew(old, fresh) };
    const change = { kind: 'ratio' as const, ...widened(shift, context.drift) };
    const [why] = context.incomparable;
    if (why !== undefined) return { ...base, change, verdict: 'not judged', why };
    return { ...base, change, verdict: verdictOn(change, figure.more, context.threshold) };
  });
}

/** By as much as the machine alone could have changed it. */
function widened({ middle, low, high }: Shift, drift: number): Shift {
  return { middle, low: low / (1 + drift), high: high * (1 + drift) };
}

function verdictOn({ low, high }: Shift, more: boolean, threshold: number): Verdict {
  if (high < 1 - threshold) return more ? 'regression' : 'improvement';
  if (low > 1 + threshold) return more ? 'improvement' : 'regression';
  return 'no difference';
}

/** Ratios were measured side by side: they can be held against each other whatever the machines. */
function ratioDifference([before, after]: Both<RatioResult>, { threshold }: CompareOptions): Difference {
  const base = {
    what: ratioKey(before),
    figure: 'ratio',
    before: before.median,
    after: after.median,
    unit: '' as const,
  };
  if ([before.low, before.median, after.low, after.median].some((value) => !(value > 0)))
    return { ...base, verdict: 'not judged', why: 'it has figures that are not positive' };
  if (!hasInterval(before) || !hasInterval(after))
    return {
      ...base,
      verdict: 'not judged',
      why: `too few pairs for an interval: ${before.pairs} and ${after.pairs}`,
    };
  const half = ({ low, high }: RatioResult): number => Math.log(high / low) / 2;
  const width = Math.hypot(half(before), half(after));
  const middle = after.median / before.median;
  const change = {
    kind: 'ratio' as const,
    middle,
    low: middle * Math.exp(-width),
    high: middle * Math.exp(width),
  };
  return { ...base, change, verdict: verdictOn(change, moreIsBetter(before.of), threshold) };
}
