import { Latencies } from '../method/latencies.ts';
import { failAlike } from '../method/failed-share.ts';
import { pairsOf, type Figure } from '../method/pairing.ts';
import type { Errors } from '../method/tally.ts';
import { ratioOf } from '../ratio.ts';
import type { Measurement, RatioResult, TargetResult } from '../result.ts';
import type { StretchResult } from '../worker/messages.ts';
import type { BenchCell } from './cells.ts';

/** What the repetitions of a cell came to. */
export interface Measured {
  readonly cell: BenchCell;
  /** the workload's own name */
  readonly workload: string;
  readonly stretches: readonly { readonly repetition: number; readonly result: StretchResult }[];
}

export function measurementOf({ cell, workload, stretches }: Measured): Measurement {
  const results = stretches.map(({ result }) => result);
  const kinds = [...new Set(results.flatMap(({ byKind }) => Object.keys(byKind)))].toSorted();
  const byKind = kinds.map(
    (kind) => [kind, mergedOf(results.flatMap((each) => each.byKind[kind] ?? []))] as const,
  );
  const rates = sum(results.map(({ perSecond }) => perSecond));
  /** per operation, over all repetitions: they are equally long */
  const weighted = (of: (result: StretchResult) => number): number =>
    rates === 0 ? 0 : sum(results.map((result) => of(result) * result.perSecond)) / rates;
  return {
    target: cell.target.name,
    client: cell.client,
    workload,
    loop: cell.loop,
    repetitions: results.length,
    each: results.map((result) => {
      const latencies = latenciesOf(result);
      const { perSecond, cpuMicros } = result;
      return { perSecond, p50: percentile(latencies, 50), p99: percentile(latencies, 99), cpuMicros };
    }),
    operations: sum(results.map(({ operations }) => operations)),
    perSecond: rates / Math.max(1, results.length),
    latency: Latencies.sumOf(results.map(latenciesOf)).summary(),
    errors: addErrors(results.map(({ errors }) => errors)),
    cpuMicros: weighted(({ cpuMicros }) => cpuMicros),
    connections: Math.max(0, ...results.map(({ connections }) => connections)),
    bytes: {
      sent: weighted(({ bytes }) => bytes.sent),
      received: weighted(({ bytes }) => bytes.received),
    },
    ...(kinds.length > 1 && {
      byKind: Object.fromEntries(byKind.map(([kind, latencies]) => [kind, latencies.summary()])),
    }),
  };
}

/** How long dialling took, where a workload has shown it: all of it, its TCP connection and its TLS handshake. */
export function dialsOf({
  stretches,
}: Measured): Pick<TargetResult, 'connect' | 'tcpConnect' | 'tlsHandshake'> | undefined {
  const of = (part: 'dials' | 'tcp' | 'tls'): Latencies =>
    mergedOf(stretches.flatMap(({ result }) => result[part] ?? []));
  const [dials, tcp, tls] = [of('dials'), of('tcp'), of('tls')];
  if (dials.count === 0) return undefined;
  return {
    connect: dials.summary(),
    ...(tcp.count > 0 && { tcpConnect: tcp.summary() }),
    ...(tls.count > 0 && { tlsHandshake: tls.summary() }),
  };
}

/** Ours against the stock client of each pair, by what was measured side by side. */
export function ratiosOf(all: readonly Measured[], seed: number): RatioResult[] {
  const pairs = Map.groupBy(
    all.filter(({ cell }) => cell.pair !== undefined),
    ({ cell }) => cell.pair,
  );
  return [...pairs.values()].flatMap(([first, second]) => {
    if (!first || !second) return [];
    const [ours, other] = first.cell.client.includes('-ha') ? [first, second] : [second, first];
    return ratiosOfPair(ours, other, seed);
  });
}

function ratiosOfPair(ours: Measured, other: Measured, seed: number): RatioResult[] {
  const ways = {
    throughput: ({ perSecond }: StretchResult) => perSecond,
    cpu: ({ cpuMicros }: StretchResult) => cpuMicros,
    p99: (result: StretchResult) => percentile(latenciesOf(result), 99),
  };
  const { cell, workload } = ours;
  const [ourTimes, otherTimes] = [alikeTo(other, ours), alikeTo(ours, other)];
  return (['throughput', 'cpu', 'p99'] as const).flatMap((of) => {
    const [mine, theirs] = of === 'p99' ? [ourTimes, otherTimes] : [ours, other];
    const pairs = pairsOf(figuresOf(mine, ways[of]), figuresOf(theirs, ways[of])).filter((pair) =>
      pair.every((value) => value > 0),
    );
    if (pairs.length === 0) return [];
    return [
      {
        name: `${cell.target.name}, ${workload}`,
        ours: cell.client,
        other: other.cell.client,
        target: cell.target.name,
        workload,
        callers: cell.loop.kind === 'closed' ? cell.loop.callers : 0,
        of,
        ...ratioOf(pairs, seed),
        pairs: pairs.length,
      },
    ];
  });
}

/** The stretches beside which as many operations failed: percentiles of others are not of the same work. */
function alikeTo(beside: Measured, measured: Measured): Measured {
  const stretches = measured.stretches.filter(({ repetition, result }) =>
    beside.stretches.some((other) => other.repetition === repetition && failAlike(result, other.result)),
  );
  return { ...measured, stretches };
}

function figuresOf({ cell, stretches }: Measured, of: (result: StretchResult) => number): Figure[] {
  return stretches.map(({ repetition, result }) => ({ pair: cell.pair, repetition, value: of(result) }));
}

/** Of all operations: one that had not ended, or failed after a wait, counts with the time until then, or the slowest of all would be left out. */
export function latenciesOf({ byKind, unfinished }: StretchResult): Latencies {
  return mergedOf([...Object.values(byKind), ...(unfinished === undefined ? [] : [unfinished])]);
}

function mergedOf(encoded: readonly string[]): Latencies {
  return Latencies.sumOf(encoded.map((each) => Latencies.decode(each)));
}

function percentile(latencies: Latencies, at: number): number {
  return latencies.count === 0 ? 0 : latencies.at(at);
}

function addErrors(all: readonly Errors[]): Errors {
  return {
    notSent: sum(all.map(({ notSent }) => notSent)),
    rejected: sum(all.map(({ rejected }) => rejected)),
    unknown: sum(all.map(({ unknown }) => unknown)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
