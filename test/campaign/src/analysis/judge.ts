import {
  checkAppend,
  checkBank,
  checkBounds,
  checkCounter,
  checkDeadline,
  checkExactlyOnce,
  checkFencing,
  checkMonotonic,
  checkReadYourWrites,
  checkSet,
  type Balances,
  type Call,
  type Sample,
  type Stall,
} from '@steadfast/check';
import type { ClientSpec } from '../clients/client.ts';
import { OPENED } from '../clients/plans.ts';
import { eachOf } from './finding.ts';
import { Ledger, type Judgement } from './ledger.ts';

/** What is there in the end of one client's work. */
export interface Found {
  /** ids by kind of work, each as often as it is there */
  readonly ids: Readonly<Record<string, readonly string[]>>;
  /** counters by kind of work */
  readonly counters: Readonly<Record<string, number>>;
  /** the lists that were appended to, by name */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  /** what is on the accounts */
  readonly balances?: Balances;
}

export interface Judged {
  readonly spec: ClientSpec;
  readonly calls: readonly Call[];
  readonly samples: readonly Sample[];
  readonly found: Found;
  /** when the history ended, ns */
  readonly endedAt: number;
  readonly serversKeep: boolean;
  readonly stalls: readonly Stall[];
}

/** Kinds that promise to know what became of them. */
const PROVEN: ReadonlySet<string> = new Set(['transaction', 'long', 'once', 'append', 'transfer']);
const SESSION: ReadonlySet<string> = new Set(['session', 'session-read']);

/** Holds a client's history against what is there: each kind of work by the checker that fits it. */
export function judge(judged: Judged): Judgement {
  const ledger = new Ledger();
  for (const check of [
    judgeElements,
    judgeCounters,
    judgeLists,
    judgeBank,
    judgeSessions,
    judgeTimes,
    judgeBounds,
  ])
    check(judged, ledger);
  return ledger.judgement;
}

function ofKind({ calls }: Judged, kind: string): Call[] {
  return calls.filter((call) => call.kind === kind);
}

function keepOf({ serversKeep, spec }: Judged): { serversKeep: boolean } {
  return { serversKeep: serversKeep || spec.keeps === true };
}

function isProven({ spec }: Judged, kind: string): boolean {
  return spec.ours && PROVEN.has(kind) && spec.safe.includes(kind);
}

function judgeElements(judged: Judged, ledger: Ledger): void {
  for (const [kind, ids] of Object.entries(judged.found.ids)) {
    if (ids.length === 0 && ofKind(judged, kind).length === 0) continue; // begun on request alone
    if (isProven(judged, kind)) judgeProven(judged, ledger, kind, ids);
    else {
      const { verdict, lost, doubled, unexpected } = checkSet(ofKind(judged, kind), ids, keepOf(judged));
      const anomalies = [
        ...eachOf('lost', 'acknowledged and not there', lost),
        ...eachOf('doubled', 'there more than once', doubled),
        ...eachOf('unexpected', 'there, though its call said that nothing was applied', unexpected),
      ];
      const counts = { lost: lost.length, doubled: doubled.length, unexpected: unexpected.length };
      ledger.enter(kind, verdict, anomalies, counts);
    }
  }
}

function judgeProven(judged: Judged, ledger: Ledger, kind: string, ids: readonly string[]): void {
  const effects = new Map<string, number>();
  for (const id of ids) effects.set(id, (effects.get(id) ?? 0) + 1);
  const report = checkExactlyOnce(ofKind(judged, kind), effects, keepOf(judged));
  const { verdict, lost, doubled, contradicted, unresolved } = report;
  const anomalies = [
    ...eachOf('lost', 'acknowledged and not there', lost),
    ...eachOf('doubled', 'applied more than once', doubled),
    ...eachOf('unexpected', 'applied, though it said that nothing was', contradicted),
    ...eachOf('unresolved', 'ended unknown in spite of its proof', unresolved),
  ];
  ledger.enter(kind, verdict, anomalies, {
    lost: lost.length,
    doubled: doubled.length,
    unexpected: contradicted.length,
    unresolved: unresolved.length,
  });
}

function judgeCounters(judged: Judged, ledger: Ledger): void {
  for (const [kind, value] of Object.entries(judged.found.counters)) {
    const { verdict, lost, excess, least, most } = checkCounter(ofKind(judged, kind), value, keepOf(judged));
    const what = `${value} instead of ${least} to ${most}`;
    const anomalies = [
      ...(lost > 0 ? [{ name: 'lost', calls: [], what }] : []),
      ...(excess > 0 ? [{ name: 'doubled', calls: [], what }] : []),
    ];
    ledger.enter(kind, verdict, anomalies, { lost, doubled: excess });
  }
}

function judgeLists(judged: Judged, ledger: Ledger): void {
  const { lists } = judged.found;
  if (!lists) return;
  const calls = ofKind(judged, 'append');
  const report = checkAppend(calls, lists, keepOf(judged));
  const { verdict, lost, doubled, unexpected, anomalies } = report;
  const counts = { lost: lost.length, doubled: doubled.length, unexpected: unexpected.length };
  ledger.enter('append', verdict, anomalies, counts);
  judgeResolved(judged, ledger, 'append', 'append');
}

function judgeBank(judged: Judged, ledger: Ledger): void {
  const { balances } = judged.found;
  if (!balances) return;
  const transfers = ofKind(judged, 'transfer');
  const options = { opened: OPENED, ...keepOf(judged) };
  const { verdict, anomalies } = checkBank(transfers, ofKind(judged, 'audit'), balances, options);
  ledger.enter('bank', verdict, anomalies);
  judgeResolved(judged, ledger, 'bank', 'transfer');
}

/** Work with a proof knows what became of it. */
function judgeResolved(judged: Judged, ledger: Ledger, checker: string, kind: string): void {
  if (!isProven(judged, kind)) return;
  const unknown = ofKind(judged, kind).filter(({ end }) => end.as === 'unknown');
  if (unknown.length === 0) return;
  const ids = unknown.map(({ id }) => id);
  const anomalies = eachOf('unresolved', 'ended unknown in spite of its proof', ids);
  ledger.enter(checker, 'invalid', anomalies, { unresolved: unknown.length });
}

function judgeSessions(judged: Judged, ledger: Ledger): void {
  const calls = judged.calls.filter(({ kind }) => SESSION.has(kind));
  if (calls.length === 0) return;
  const monotonic = checkMonotonic(calls, keepOf(judged));
  const ownWrites = checkReadYourWrites(calls, keepOf(judged));
  ledger.enter('monotonic', monotonic.verdict, monotonic.anomalies);
  ledger.enter('read-your-writes', ownWrites.verdict, ownWrites.anomalies);
}

function judgeTimes({ spec, calls, endedAt, stalls }: Judged, ledger: Ledger): void {
  if (spec.ours) {
    const { verdict, late } = checkDeadline(calls, endedAt, stalls);
    const anomalies = late.map(({ id, byMs }) => ({
      name: 'late',
      calls: [id],
      what: `${Math.round(byMs)} ms after its deadline`,
    }));
    ledger.enter('deadline', verdict, anomalies, { late: late.length });
  }
  // No answer of Redis says under which epoch it was given.
  if (spec.library === 'redis') return;
  const { verdict, stale } = checkFencing(calls);
  const anomalies = stale.map(({ id, epoch, seen }) => ({
    name: 'stale',
    calls: [id],
    what: `answered by epoch ${epoch} after ${seen} had been seen`,
  }));
  ledger.enter('fencing', verdict, anomalies, { stale: stale.length });
}

function judgeBounds({ spec, samples }: Judged, ledger: Ledger): void {
  if (!spec.bounds) return;
  const { verdict, anomalies } = checkBounds(samples, spec.bounds);
  ledger.enter('bounds', verdict, anomalies);
}
