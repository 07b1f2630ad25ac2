import type { Call } from '../history.ts';
import { ifJudged, verdictOn, type Anomaly, type Verdict } from '../verdict.ts';
import { cyclesIn } from './cycles.ts';
import { dependenciesOf } from './dependencies.ts';
import { appendsOf, transactionOf, type Transaction } from './operation.ts';
import { readsOf, type Read } from './reads.ts';
import { againstRealTime } from './real-time.ts';
import { impossibleReads, ordersOf, writersOf, wrongReads } from './version-order.ts';

export interface AppendReport {
  verdict: Verdict;
  /** reads that were held against the lists */
  judged: number;
  /** elements that were acknowledged and are not there */
  lost: string[];
  /** elements that are there more than once */
  doubled: string[];
  /** elements that are there, though their call failed, or though nobody appended them */
  unexpected: string[];
  anomalies: Anomaly[];
}

export interface AppendOptions {
  /** the servers promise to keep what they acknowledged */
  serversKeep: boolean;
}

/**
 * Transactions that append to lists and read them whole, as Elle has them (https://github.com/jepsen-io/elle): since a
 * list shows the order of all that was ever appended to it, its reads tell which transaction came after which. Found are
 *
 * - `lost`, `doubled` and `unwritten` elements, there in the end or read;
 * - `G1a`, what a failed call appended; `G1b`, a read between two appends of one call; `order`, reads that no order of
 *   the list explains; `internal`, a call that does not see what it has itself appended or read;
 * - `G0`, `G1c`, `G2`: cycles of dependencies, so that no serial order explains the whole;
 * - `real-time` and `stale`: lists and reads against the order in which calls ended and began.
 *
 * Where the servers may lose what they acknowledged, calls that were lost with them, and what others saw of those, are
 * left out, and the verdict is `unknown`; what no loss explains is wrong all the same. `last` is what is in each list in the end.
 */
export function checkAppend(
  calls: readonly Call[],
  last: Readonly<Record<string, readonly string[]>>,
  { serversKeep }: AppendOptions,
): AppendReport {
  const all = calls.map(transactionOf);
  const writers = writersOf(all);
  const found = ordersOf(all, writers, last);
  const { orders, lost, doubled, unexpected } = found;
  const ended = all.filter(({ as }) => as === 'ok');
  const each = (serversKeep ? ended : without(lost, ended)).map(readsOf);
  const seen = each.flatMap((one) => one.reads);
  const reads = serversKeep ? seen : onlyOf(last, seen);
  const anomalies = [
    ...found.anomalies,
    ...each.flatMap((one) => one.anomalies),
    ...impossibleReads(
      ended.flatMap((one) => readsOf(one).reads),
      writers,
    ),
    ...wrongReads(reads, writers, orders),
    ...againstRealTime(orders, reads),
    ...cyclesIn(dependenciesOf(orders, reads)),
  ];
  const wrong = anomalies.filter(({ name }) => name !== 'lost').length;
  const judged = reads.length;
  const verdict = ifJudged(judged, verdictOn({ wrong, lost: lost.length }, serversKeep));
  return { verdict, judged, lost, doubled, unexpected, anomalies };
}

/** A call whose elements were lost saw servers that are gone. */
function without(lost: readonly string[], transactions: readonly Transaction[]): Transaction[] {
  const gone = new Set(lost);
  return transactions.filter((each) => !appendsOf(each).some(({ element }) => gone.has(element)));
}

/** The reads, with what was lost taken out. */
function onlyOf(last: Readonly<Record<string, readonly string[]>>, reads: readonly Read[]): Read[] {
  const there = new Set(Object.values(last).flat());
  return reads.map((read) => ({ ...read, found: read.found.filter((element) => there.has(element)) }));
}
