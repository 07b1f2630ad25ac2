import type { Transaction } from './operation.ts';
import type { Read } from './reads.ts';
import type { VersionOrder } from './version-order.ts';

/** ww: overwrote it; wr: read what it wrote; rw: overwrote what it had read. */
export type DependencyKind = 'ww' | 'wr' | 'rw';

/** `to` depends on `from`: it comes after it in every serial order. */
export interface Dependency {
  readonly from: Transaction;
  readonly to: Transaction;
  readonly kind: DependencyKind;
  readonly key: string;
}

/**
 * The direct dependencies, as a list shows them: what stands side by side, and where a read ended. All others follow from
 * these, so there are no more of them than there are appends and reads.
 */
export function dependenciesOf(
  orders: ReadonlyMap<string, VersionOrder>,
  reads: readonly Read[],
): Dependency[] {
  const found: Dependency[] = [];
  const add = (kind: DependencyKind, key: string, from?: Transaction, to?: Transaction): void => {
    if (from && to && from !== to) found.push({ from, to, kind, key });
  };
  for (const [key, order] of orders)
    for (const [index, { by }] of order.entries()) add('ww', key, order[index - 1]?.by, by);
  for (const { by, key, found: seen } of reads) {
    const order = orders.get(key) ?? [];
    add('wr', key, order[seen.length - 1]?.by, by);
    add('rw', key, by, order[seen.length]?.by);
  }
  return found;
}
