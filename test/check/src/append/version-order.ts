import type { Anomaly } from '../verdict.ts';
import type { Transaction } from './operation.ts';
import { appendsOf } from './operation.ts';
import type { Read } from './reads.ts';

/** A list's elements in the order in which they were appended, each with who appended it. */
export type VersionOrder = readonly { readonly element: string; readonly by: Transaction }[];

export interface Orders {
  /** by list */
  readonly orders: ReadonlyMap<string, VersionOrder>;
  /** appended and acknowledged, and not there */
  readonly lost: string[];
  /** there more than once */
  readonly doubled: string[];
  /** there, though nobody appended it, or though its call said that nothing was applied */
  readonly unexpected: string[];
  readonly anomalies: Anomaly[];
}

/** Who appended an element, and whether that was the last that the same transaction appended to the list. */
export type Writers = ReadonlyMap<string, { readonly by: Transaction; readonly isLast: boolean }>;

export function writersOf(transactions: readonly Transaction[]): Writers {
  const writers = new Map<string, { by: Transaction; isLast: boolean }>();
  for (const by of transactions) {
    const lastOf = new Map(appendsOf(by).map(({ key, element }) => [key, element]));
    for (const { key, element } of appendsOf(by)) {
      if (writers.has(element)) throw new Error(`element ${element} is appended twice by intent`);
      writers.set(element, { by, isLast: lastOf.get(key) === element });
    }
  }
  return writers;
}

/** The order of each list, which is what stands there in the end, and what that says by itself. */
export function ordersOf(
  transactions: readonly Transaction[],
  writers: Writers,
  last: Readonly<Record<string, readonly string[]>>,
): Orders {
  const orders = new Map<string, VersionOrder>();
  const doubled: string[] = [];
  const unexpected: string[] = [];
  const anomalies: Anomaly[] = [];
  const tell = (name: string, calls: string[], what: string): void =>
    void anomalies.push({ name, calls, what });
  const there = new Set<string>();
  for (const [key, elements] of Object.entries(last)) {
    const order: { element: string; by: Transaction }[] = [];
    for (const element of elements) {
      const by = writers.get(element)?.by;
      if (there.has(element)) {
        doubled.push(element);
        tell('doubled', by ? [by.id] : [], `${element} is in list ${key} more than once`);
        continue;
      }
      there.add(element);
      if (by?.as === 'fail' || !by) unexpected.push(element);
      if (by) order.push({ element, by });
      else tell('unwritten', [], `nobody appended ${element}, which is in list ${key}`);
      if (by?.as === 'fail') tell('G1a', [by.id], `${element} is in list ${key}, and its call had failed`);
    }
    orders.set(key, order);
  }
  const lost = transactions
    .filter(({ as }) => as === 'ok')
    .flatMap((each) => appendsOf(each).map(({ element }) => ({ element, by: each.id })))
    .filter(({ element }) => !there.has(element));
  for (const { element, by } of lost) tell('lost', [by], `${element} was acknowledged and is not there`);
  return {
    orders,
    lost: lost.map(({ element }) => element),
    doubled,
    unexpected,
    anomalies,
  };
}

/** Reads that cannot be, whatever servers lose: of what was never appended or never committed, or of an element twice. */
export function impossibleReads(reads: readonly Read[], writers: Writers): Anomaly[] {
  return reads.flatMap(({ by, key, found }) =>
    found.flatMap((element, index): Anomaly[] => {
      const writer = writers.get(element)?.by;
      if (!writer)
        return [anomaly('unwritten', [by.id], `read ${element} in list ${key}, which nobody appended`)];
      const calls = [writer.id, by.id];
      if (writer.as === 'fail')
        return [anomaly('G1a', calls, `read ${element}, whose call had failed, in list ${key}`)];
      if (found.indexOf(element) !== index)
        return [anomaly('doubled', calls, `read ${element} more than once in list ${key}`)];
      return [];
    }),
  );
}

/** Reads of a step in between, or in an order that is not the list's. */
export function wrongReads(
  reads: readonly Read[],
  writers: Writers,
  orders: ReadonlyMap<string, VersionOrder>,
): Anomaly[] {
  return reads.flatMap(({ by, key, found }) => {
    const wrong: Anomaly[] = [];
    const end = found.at(-1);
    const writer = end === undefined ? undefined : writers.get(end);
    if (writer && !writer.isLast && writer.by !== by) {
      const what = `read list ${key} up to ${end}, between two appends of one call`;
      wrong.push(anomaly('G1b', [writer.by.id, by.id], what));
    }
    const order = orders.get(key) ?? [];
    const differs = found.findIndex((element, index) => order[index]?.element !== element);
    if (differs !== -1) {
      const what = `read ${found[differs]} where list ${key} has ${order[differs]?.element ?? 'nothing'}`;
      wrong.push(anomaly('order', [by.id], what));
    }
    return wrong;
  });
}

function anomaly(name: string, calls: string[], what: string): Anomaly {
  return { name, calls, what };
}
