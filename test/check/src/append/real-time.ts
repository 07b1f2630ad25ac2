import type { Anomaly } from '../verdict.ts';
import { highWater } from '../high-water.ts';
import type { Read } from './reads.ts';
import type { VersionOrder } from './version-order.ts';

/**
 * What has ended comes before what begins later: an append stands before one that began after it was acknowledged, and a
 * read that began after that sees it.
 */
export function againstRealTime(
  orders: ReadonlyMap<string, VersionOrder>,
  reads: readonly Read[],
): Anomaly[] {
  const byKey = Map.groupBy(reads, ({ key }) => key);
  return [...orders].flatMap(([key, order]) => [
    ...outOfOrder(key, order),
    ...staleReads(key, order, byKey.get(key) ?? []),
  ]);
}

function outOfOrder(key: string, order: VersionOrder): Anomaly[] {
  const found: Anomaly[] = [];
  /** of those that stand behind, the one that ended first */
  let first: VersionOrder[number] | undefined;
  for (const each of order.toReversed()) {
    if (first && first.by.at < each.by.began)
      found.push({
        name: 'real-time',
        calls: [first.by.id, each.by.id],
        what: `${first.element} was acknowledged before ${each.element} was begun, and stands behind it in list ${key}`,
      });
    if (each.by.as === 'ok' && (!first || each.by.at < first.by.at)) first = each;
  }
  return found;
}

function staleReads(key: string, order: VersionOrder, reads: readonly Read[]): Anomaly[] {
  const acknowledged = highWater(
    order.flatMap(({ by }, index) => (by.as === 'ok' ? [{ id: by.id, at: by.at, value: index + 1 }] : [])),
  );
  return reads
    .toSorted((a, b) => a.by.began - b.by.began)
    .flatMap(({ by, found }) => {
      const due = acknowledged(by.began);
      if (!due || found.length >= due.value) return [];
      const what = `read ${found.length} elements of list ${key} when ${due.value} had been acknowledged`;
      return [{ name: 'stale', calls: [due.id, by.id], what }];
    });
}
