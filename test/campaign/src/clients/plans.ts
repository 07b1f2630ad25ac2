import type { Balances, Operation, Transfer } from '@steadfast/check';

/** Which call this is. Everything that it does follows from that, so that a history tells what a failed call was to do. */
export interface Turn {
  /** unique in the history */
  readonly id: string;
  readonly writer: number;
  /** which of the writer's calls, from 0; -1 for the one before the load */
  readonly n: number;
}

/** So many of a writer's calls use the same lists, so that no list gets long. */
const TURNS = 40;
/** So few, so that calls meet. */
const LISTS = 3;

/** One of these each: read and append elsewhere; append twice, with a read in between; append to two and read one. */
const SHAPES: readonly ((a: string, b: string, element: (i: number) => string) => Operation[])[] = [
  (a, b, element) => [
    ['read', a],
    ['append', b, element(0)],
  ],
  (a, b, element) => [
    ['append', a, element(0)],
    ['read', b],
    ['append', a, element(1)],
  ],
  (a, b, element) => [
    // In the order of the lists: two that wait for each other would only be slow.
    ['append', a < b ? a : b, element(0)],
    ['append', a < b ? b : a, element(1)],
    ['read', a],
  ],
];

/** What a call does to lists. */
export function listPlan({ id, n }: Turn): Operation[] {
  const drawn = hash(id);
  const list = (offset: number): string => `${Math.floor(n / TURNS)}:${(drawn + offset) % LISTS}`;
  const shape = SHAPES[(drawn >>> 8) % SHAPES.length];
  return shape?.(list(0), list(1 + ((drawn >>> 16) % (LISTS - 1))), (i) => `${id}/${i}`) ?? [];
}

/** The call that appended an element. */
export function callOfElement(element: string): string {
  return element.slice(0, element.lastIndexOf('/'));
}

const ACCOUNTS = 12;

/** What is on each client's accounts in the beginning. */
export const OPENED: Balances = Object.fromEntries(
  Array.from({ length: ACCOUNTS }, (_, index) => [`account-${index}`, 100]),
);

export function transferPlan({ id }: Turn): Transfer {
  const drawn = hash(id);
  const accounts = Object.keys(OPENED);
  const from = drawn % ACCOUNTS;
  const to = (from + 1 + ((drawn >>> 8) % (ACCOUNTS - 1))) % ACCOUNTS;
  return { from: accounts[from] ?? '', to: accounts[to] ?? '', amount: 1 + ((drawn >>> 16) % 60) };
}

/** FNV-1a, mixed once more so that all bits depend on all characters. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const character of text) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
  return (state ^ (state >>> 13)) >>> 0;
}
