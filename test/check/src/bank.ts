import type { Call } from './history.ts';
import { ifJudged, verdictOn, type Anomaly, type Verdict } from './verdict.ts';

/** What a transfer sets out to do. */
export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

/** What became of it: an account that has not enough gives nothing. */
export interface Transferred {
  readonly moved: boolean;
}

export type Balances = Readonly<Record<string, number>>;

export interface BankOptions {
  /** each account and what was on it in the beginning */
  readonly opened: Balances;
  /** the servers promise to keep what they acknowledged */
  readonly serversKeep: boolean;
  /** an account may be overdrawn (default false) */
  readonly overdraft?: boolean;
}

export interface BankReport {
  verdict: Verdict;
  /** reads of all accounts, where anything was moved at all */
  judged: number;
  anomalies: Anomaly[];
}

/** The read of all accounts after everything. */
const LAST = 'the last read';

/**
 * Transfers conserve the sum in every read of all accounts, overdraw none, and in the end each account has what the
 * acknowledged transfers make it, give or take those that are unknown: a sum alone shows neither a doubled transfer nor
 * a lost one. Only the latter may be the servers' doing.
 */
export function checkBank(
  transfers: readonly Call[],
  audits: readonly Call[],
  last: Balances,
  { opened, serversKeep, overdraft = false }: BankOptions,
): BankReport {
  const reads = audits.flatMap(({ id, end }) =>
    end.as === 'ok' ? [{ id, balances: end.value as Balances }] : [],
  );
  const wrong = [...reads, { id: LAST, balances: last }].flatMap(({ id, balances }) =>
    wrongIn(balances, opened, overdraft).map(([name, what]) => ({ name, calls: [id], what })),
  );
  const drifted = driftOf(transfers, last, opened);
  const found = verdictOn({ wrong: wrong.length, lost: drifted.length }, serversKeep);
  const moved = transfers.some(({ end }) => end.as === 'ok' && (end.value as Transferred).moved);
  const judged = moved ? reads.length : 0;
  return { verdict: ifJudged(judged, found), judged, anomalies: [...wrong, ...drifted] };
}

function* entriesOf(balances: Balances, opened: Balances): Iterable<[string, number | undefined]> {
  for (const account of new Set([...Object.keys(opened), ...Object.keys(balances)]))
    yield [account, opened[account] === undefined ? undefined : balances[account]];
}

function wrongIn(balances: Balances, opened: Balances, overdraft: boolean): [name: string, what: string][] {
  const wrong: [string, string][] = [];
  for (const [account, balance] of entriesOf(balances, opened)) {
    if (balance === undefined) wrong.push(['wrong-accounts', `${account} is not in both`]);
    else if (balance < 0 && !overdraft) wrong.push(['negative', `${account} has ${balance}`]);
  }
  const [sum, total] = [sumOf(balances), sumOf(opened)];
  if (sum !== total) wrong.push(['wrong-sum', `${sum} instead of ${total}`]);
  return wrong;
}

function sumOf(balances: Balances): number {
  return Object.values(balances).reduce((sum, balance) => sum + balance, 0);
}

/** Accounts that have in the end what no choice among the unknown transfers explains. */
function driftOf(transfers: readonly Call[], last: Balances, opened: Balances): Anomaly[] {
  const least = new Map(Object.entries(opened));
  const most = new Map(least);
  const add = (to: Map<string, number>, account: string, amount: number): void =>
    void to.set(account, (to.get(account) ?? 0) + amount);
  for (const { end, intent } of transfers) {
    const { from, to, amount } = intent as Transfer;
    const moved = end.as === 'ok' && (end.value as Transferred).moved;
    const maybe = end.as === 'unknown' || end.as === 'open';
    if (moved || maybe) {
      add(least, from, -amount);
      add(most, to, amount);
    }
    if (moved) {
      add(least, to, amount);
      add(most, from, -amount);
    }
  }
  return Object.keys(opened).flatMap((account) => {
    const [low, high] = [least.get(account) ?? 0, most.get(account) ?? 0];
    const balance = last[account];
    if (balance === undefined || (balance >= low && balance <= high)) return [];
    const allowed = low === high ? `${low}` : `${low} to ${high}`;
    return [{ name: 'drift', calls: [LAST], what: `${account} has ${balance} instead of ${allowed}` }];
  });
}
