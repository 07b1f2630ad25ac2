import type { Call } from '../history.ts';

/**
 * One operation on a list: `append` puts an element at its end, an element that nobody else ever appends anywhere;
 * `read` gives the whole list. A call's intent is a list of them, its value the same with what was read.
 */
export type Operation =
  | readonly ['append', key: string, element: string]
  | readonly ['read', key: string, found?: readonly string[]];

/** A transaction on lists: a call and what it did, or was to do where it did not end well. */
export interface Transaction {
  readonly id: string;
  readonly as: Call['end']['as'];
  readonly began: number;
  /** when it ended; infinity for one that is open */
  readonly at: number;
  readonly operations: readonly Operation[];
}

export function transactionOf({ id, began, end, intent }: Call): Transaction {
  const operations = ((end.as === 'ok' ? end.value : undefined) ?? intent ?? []) as readonly Operation[];
  return { id, as: end.as, began, at: end.as === 'open' ? Number.POSITIVE_INFINITY : end.at, operations };
}

export function appendsOf({ operations }: Transaction): { key: string; element: string }[] {
  return operations.flatMap(([what, key, element]) => (what === 'append' ? [{ key, element }] : []));
}
