import {
  checkCounter,
  checkDeadline,
  checkExactlyOnce,
  checkFencing,
  checkSet,
  type Call,
  type Stall,
  type Verdict,
} from '@steadfast/check';
import type { ClientSpec } from '../clients/client.ts';

/** What is there in the end of one client's work. */
export interface Found {
  /** ids by kind of work, each as often as it is there */
  readonly ids: Readonly<Record<string, readonly string[]>>;
  /** counters by kind of work */
  readonly counters: Readonly<Record<string, number>>;
}

export interface Judgement {
  lost: number;
  doubled: number;
  unexpected: number;
  unresolved: number;
  late: number;
  stale: number;
  verdicts: Record<string, Verdict>;
}

/** Kinds that promise to know what became of them. */
const PROVEN: ReadonlySet<string> = new Set(['transaction', 'long', 'once']);

/** Holds a client's history against what is there: each kind of work by the checker that fits it. */
export function judge(
  spec: ClientSpec,
  calls: readonly Call[],
  found: Found,
  run: { endedAt: number; serversKeep: boolean; stalls: readonly Stall[] },
): Judgement {
  const sum: Judgement = {
    lost: 0,
    doubled: 0,
    unexpected: 0,
    unresolved: 0,
    late: 0,
    stale: 0,
    verdicts: {},
  };
  const of = (kind: string): Call[] => calls.filter((call) => call.kind === kind);
  const serversKeep = run.serversKeep || spec.keeps === true;
  for (const [kind, ids] of Object.entries(found.ids)) {
    if (ids.length === 0 && of(kind).length === 0) continue; // begun on request alone
    const proven = spec.ours && PROVEN.has(kind);
    sum.verdicts[kind] = proven
      ? addExactlyOnce(sum, of(kind), ids, serversKeep)
      : addSet(sum, of(kind), ids, serversKeep);
  }
  for (const [kind, value] of Object.entries(found.counters)) {
    const report = checkCounter(of(kind), value, { serversKeep });
    sum.lost += report.lost;
    sum.doubled += report.excess;
    sum.verdicts[kind] = report.verdict;
  }
  const deadline = checkDeadline(calls, run.endedAt, run.stalls);
  const fencing = checkFencing(calls);
  sum.late = deadline.late.length;
  sum.stale = fencing.stale.length;
  sum.verdicts['deadline'] = deadline.verdict;
  sum.verdicts['fencing'] = fencing.verdict;
  return sum;
}

function addSet(sum: Judgement, calls: Call[], ids: readonly string[], serversKeep: boolean): Verdict {
  const { lost, doubled, unexpected, verdict } = checkSet(calls, ids, { serversKeep });
  sum.lost += lost.length;
  sum.doubled += doubled.length;
  sum.unexpected += unexpected.length;
  return verdict;
}

function addExactlyOnce(
  sum: Judgement,
  calls: Call[],
  ids: readonly string[],
  serversKeep: boolean,
): Verdict {
  const effects = new Map<string, number>();
  for (const id of ids) effects.set(id, (effects.get(id) ?? 0) + 1);
  const report = checkExactlyOnce(calls, effects, { serversKeep });
  sum.lost += report.lost.length;
  sum.doubled += report.doubled.length;
  sum.unexpected += report.contradicted.length;
  sum.unresolved += report.unresolved.length;
  return report.verdict;
}
