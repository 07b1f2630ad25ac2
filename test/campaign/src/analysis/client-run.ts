import { toMs, type Call, type Sample } from '@steadfast/check';
import type { ClientSpec } from '../clients/client.ts';
import { isWrite } from '../process/load.ts';
import type { Judgement } from './ledger.ts';

/** How the calls of one kind ended. */
export interface Ends {
  ok: number;
  fail: number;
  unknown: number;
  open: number;
}

/** What one client went through in one fault. */
export interface ClientRun extends Judgement {
  readonly client: string;
  /** the file of its history */
  readonly history: string;
  readonly ends: Record<string, Ends>;
  /** what errors said, with their counts, the most frequent first */
  readonly errors: Record<string, number>;
  /** from when the client could reach the new primary to its first acknowledged write, ms; absent without an outage */
  readonly lagMs?: number;
  /** that write behind the first one of all clients that find the primary by the same route, ms */
  readonly behindMs?: number;
  /** from the fault to that write, ms */
  readonly outageMs?: number;
  /** there was an outage, and no write was acknowledged after it */
  readonly never?: boolean;
  /** the longest acknowledged write, ms */
  readonly longestMs: number;
  /** the longest time the client's own process did nothing, ms */
  readonly stalledMs: number;
  /** the highest of each value that was sampled; of those that count up, what they came to */
  readonly highest: Record<string, number>;
}

export function endsOf(calls: readonly Call[]): Record<string, Ends> {
  const ends: Record<string, Ends> = {};
  for (const { kind, end } of calls) {
    const of = (ends[kind] ??= { ok: 0, fail: 0, unknown: 0, open: 0 });
    of[end.as] += 1;
  }
  return ends;
}

const MAX_ERRORS = 8;

export function errorsOf(calls: readonly Call[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, end } of calls) {
    if (end.as !== 'fail' && end.as !== 'unknown') continue;
    const text = `${kind} ${end.as}: ${end.error}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].toSorted((a, b) => b[1] - a[1]).slice(0, MAX_ERRORS));
}

export function longestMs(calls: readonly Call[]): number {
  const took = calls.flatMap(({ kind, began, end }) =>
    isWrite(kind) && end.as === 'ok' ? [toMs(end.at - began)] : [],
  );
  return Math.max(0, ...took);
}

export function highestOf(samples: readonly Sample[]): Record<string, number> {
  const highest: Record<string, number> = {};
  for (const [name, value] of samples.flatMap(({ values }) => Object.entries(values)))
    highest[name] = Math.max(highest[name] ?? 0, value);
  return highest;
}

export interface AckRule {
  /** ms: an answer before this is none of the new primary's */
  readonly notBefore: number;
  /** an answer must carry a higher epoch than all before this (ms); where the server says its epoch */
  readonly newEpochSince?: number;
  /** ids that are there in the end: what an old master acknowledged beside the new one is not */
  readonly survived?: ReadonlySet<string>;
}

/** When the first write was acknowledged by the new primary, ms. */
export function firstAck(calls: readonly Call[], rule: AckRule): number | undefined {
  const acks = calls.flatMap(({ id, kind, end }) =>
    isWrite(kind) && end.as === 'ok' ? [{ id, at: toMs(end.wroteAt ?? end.at), epoch: end.epoch }] : [],
  );
  const { newEpochSince, notBefore, survived } = rule;
  const oldEpoch =
    newEpochSince === undefined
      ? undefined
      : Math.max(0, ...acks.filter(({ at }) => at <= newEpochSince).map(({ epoch }) => epoch ?? 0));
  let first: number | undefined;
  for (const { id, at, epoch } of acks) {
    if (at < notBefore || (survived && !survived.has(id))) continue;
    if (oldEpoch !== undefined && (epoch ?? 0) <= oldEpoch) continue;
    if (first === undefined || at < first) first = at;
  }
  return first;
}

/** A time without an acknowledged write, ms. */
export interface Outage {
  /** the last write before it, or the fault */
  readonly from: number;
  /** the first one after it; undefined: there was none */
  readonly to: number | undefined;
}

/**
 * The outage as one client met it, where nobody else watched: the longest time without an acknowledged write that lasted
 * beyond the fault, up to the end of the load; undefined where none was longer than `leastMs`.
 */
export function outageIn(
  calls: readonly Call[],
  { faultAt, until }: { readonly faultAt: number; readonly until: number },
  leastMs: number,
): Outage | undefined {
  const acks = calls
    .flatMap(({ kind, end }) => (isWrite(kind) && end.as === 'ok' ? [toMs(end.wroteAt ?? end.at)] : []))
    .toSorted((a, b) => a - b);
  const ends: (number | undefined)[] = [...acks, undefined];
  return ends
    .map((to, n) => ({ from: acks[n - 1] ?? faultAt, to }))
    .filter(({ from, to = until }) => to >= faultAt && to - from >= leastMs)
    .toSorted((a, b) => (b.to ?? until) - b.from - ((a.to ?? until) - a.from))[0];
}

/** Adds how far each client was behind the first of its route: observers look now and then, clients race each other. */
export function behindTheFirst(runs: readonly ClientRun[], specs: readonly ClientSpec[]): ClientRun[] {
  const routeOf = ({ client }: ClientRun): string | undefined =>
    specs.find(({ name }) => name === client)?.route;
  return runs.map((run) => {
    const ofRoute = runs.filter((other) => routeOf(other) === routeOf(run));
    const outages = ofRoute.flatMap(({ outageMs }) => outageMs ?? []);
    if (run.outageMs === undefined || outages.length < 2) return run;
    return { ...run, behindMs: run.outageMs - Math.min(...outages) };
  });
}
