import type { Balances, Operation, Transfer, Transferred } from '@steadfast/check';
import type { Answer } from './client.ts';
import { APPEND, BALANCES, epochOf, READ_LIST, SET_BALANCE, type EpochRow } from './sql.ts';

/** A session as all drivers have one: a statement goes in, rows come out. */
export type Ask = <Row extends object>(text: string, values: (string | number)[]) => Promise<readonly Row[]>;

/** Does what was planned with lists, in a transaction that is open. */
export async function onLists(ask: Ask, client: string, plan: readonly Operation[]): Promise<Answer> {
  const value: Operation[] = [];
  let epoch: number | undefined;
  for (const [what, key, element = ''] of plan) {
    if (what === 'append') {
      epoch = epochOf(await ask<EpochRow>(APPEND, [client, key, `${element as string}`]));
      value.push(['append', key, element as string]);
    } else {
      const [row] = await ask<{ elements: string }>(READ_LIST, [client, key]);
      value.push(['read', key, elementsOf(row?.elements)]);
    }
  }
  return { epoch, value };
}

/** A list as it is stored. */
export function elementsOf(stored = ''): string[] {
  return stored === '' ? [] : stored.split(',');
}

/**
 * Moves money as an app would that trusts its isolation: it reads both accounts, computes, and writes what it has computed.
 * Two such transactions that do not see each other would lose one of their transfers.
 */
export async function transfer(ask: Ask, client: string, { from, to, amount }: Transfer): Promise<Answer> {
  const balances = balancesOf(await ask<BalanceRow>(BALANCES, [client, from, to]));
  const given = balances[from] ?? 0;
  if (given < amount) return { value: { moved: false } satisfies Transferred };
  const after: readonly [string, number][] = [
    [from, given - amount],
    [to, (balances[to] ?? 0) + amount],
  ];
  let epoch: number | undefined;
  for (const [account, balance] of after.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    epoch = epochOf(await ask<EpochRow>(SET_BALANCE, [client, account, balance]));
  return { epoch, value: { moved: true } satisfies Transferred };
}

export interface BalanceRow {
  readonly account: string;
  readonly balance: number;
}

export function balancesOf(rows: readonly BalanceRow[]): Balances {
  return Object.fromEntries(rows.map(({ account, balance }) => [account, balance]));
}

/** What an app does around a driver that repeats nothing: a serialization failure asks to be tried again. */
const ASKS_AGAIN: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const MAX_TRIES = 50;

export async function serialized<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!ASKS_AGAIN.has((error as { code?: unknown }).code) || tries >= MAX_TRIES) throw error;
    }
  }
}
