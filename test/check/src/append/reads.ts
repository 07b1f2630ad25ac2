import type { Anomaly } from '../verdict.ts';
import type { Transaction } from './operation.ts';

/** What a transaction saw of a list that others had made: its own elements are taken off. */
export interface Read {
  readonly by: Transaction;
  readonly key: string;
  readonly found: readonly string[];
}

/**
 * The reads of a transaction that ended well, one a list, and where it contradicts itself: what it has appended has to
 * stand at the end of what it reads, and the rest must not change between its reads.
 */
export function readsOf(by: Transaction): { reads: Read[]; anomalies: Anomaly[] } {
  const own = new Map<string, string[]>();
  const reads = new Map<string, Read>();
  const anomalies: Anomaly[] = [];
  const internal = (what: string): void => void anomalies.push({ name: 'internal', calls: [by.id], what });
  for (const [what, key, third] of by.operations) {
    const mine = own.get(key) ?? [];
    if (what === 'append') {
      own.set(key, [...mine, third]);
      continue;
    }
    if (third === undefined) continue;
    const others = third.slice(0, Math.max(0, third.length - mine.length));
    if (mine.some((element, index) => third[others.length + index] !== element))
      internal(`read list ${key} without what it had appended`);
    const before = reads.get(key);
    if (!before) reads.set(key, { by, key, found: others });
    else if (
      before.found.length !== others.length ||
      before.found.some((each, index) => each !== others[index])
    )
      internal(`read list ${key} twice, differently`);
  }
  return { reads: [...reads.values()], anomalies };
}
