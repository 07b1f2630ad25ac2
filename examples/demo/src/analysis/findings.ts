import type { CallRecord, FailedOutcome } from '../load/call.ts';

/** What was said about one message, job or counter, and how often it was found when it was looked up directly. */
export interface Finding {
  readonly key: string;
  /** when the first request about it was due */
  readonly at: number;
  readonly acknowledged: number;
  /** failed as `unknown`: may have been applied */
  readonly unknown: number;
  /** failed as `notSent` or `rejected`: said to have changed nothing */
  readonly refused: number;
  readonly found: number;
}

/** Sums over findings. */
export interface Tally {
  acknowledged: number;
  /** acknowledged and not there */
  lost: number;
  /** there more often than it was asked for */
  doubled: number;
  unknown: number;
  /** of the unknown ones, those that are there */
  unknownApplied: number;
  /** there, although the failure said that nothing was changed */
  contradicted: number;
}

type Said = 'acknowledged' | FailedOutcome;

/** Messages by source id, against how often each id stands in the table. */
export function messageFindings(
  records: readonly CallRecord[],
  found: ReadonlyMap<string, number>,
): Finding[] {
  return compare(records, 'message', found, ({ result }) => (result.ok ? 'acknowledged' : result.outcome));
}

/** The jobs behind messages, by the message's source id: queued after the commit, so never where that failed. */
export function jobFindings(records: readonly CallRecord[], found: ReadonlyMap<string, number>): Finding[] {
  return compare(records, 'message', found, ({ result }) => {
    if (!result.ok) return result.outcome;
    return result.job === 'queued' ? 'acknowledged' : (result.job ?? 'unknown');
  });
}

/** Counters by name, against their values. */
export function counterFindings(
  records: readonly CallRecord[],
  found: ReadonlyMap<string, number>,
): Finding[] {
  return compare(records, 'counter', found, ({ result }) => (result.ok ? 'acknowledged' : result.outcome));
}

export function tally(findings: readonly Finding[]): Tally {
  const sum: Tally = { acknowledged: 0, lost: 0, doubled: 0, unknown: 0, unknownApplied: 0, contradicted: 0 };
  for (const finding of findings) {
    const { acknowledged, unknown, refused, found } = finding;
    const excess = Math.max(0, found - acknowledged - unknown);
    const contradicted = Math.min(excess, refused);
    sum.acknowledged += acknowledged;
    sum.lost += Math.max(0, acknowledged - found);
    sum.doubled += excess - contradicted;
    sum.unknown += unknown;
    sum.unknownApplied += Math.min(unknown, Math.max(0, found - acknowledged));
    sum.contradicted += contradicted;
  }
  return sum;
}

function compare(
  records: readonly CallRecord[],
  kind: CallRecord['kind'],
  found: ReadonlyMap<string, number>,
  said: (record: CallRecord) => Said,
): Finding[] {
  const byKey = new Map<string, { -readonly [K in keyof Finding]: Finding[K] }>();
  const entry = (key: string, at: number): { -readonly [K in keyof Finding]: Finding[K] } => {
    const known = byKey.get(key);
    if (known) return known;
    const fresh = { key, at, acknowledged: 0, unknown: 0, refused: 0, found: found.get(key) ?? 0 };
    byKey.set(key, fresh);
    return fresh;
  };
  for (const record of records) {
    if (record.kind !== kind) continue;
    const finding = entry(record.key, record.dueAt);
    finding.at = Math.min(finding.at, record.dueAt);
    const what = said(record);
    if (what === 'acknowledged') finding.acknowledged += 1;
    else if (what === 'unknown') finding.unknown += 1;
    else finding.refused += 1;
  }
  // What is there and was never asked for counts as doubled too.
  for (const key of found.keys()) entry(key, 0);
  return [...byKey.values()];
}
