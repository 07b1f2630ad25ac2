import { worst, type Verdict } from '@steadfast/check';
import type { ClientSpec } from '../clients/client.ts';
import type { FaultRun } from '../run/run-fault.ts';
import type { ClientRun, Ends } from './client-run.ts';
import type { Finding } from './finding.ts';

export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** A client under a setting and a fault, over all repetitions. */
export interface Cell {
  readonly setting: string;
  readonly fault: string;
  readonly client: string;
  readonly runs: number;
  /** from the fault to the promoted server's first write */
  readonly serverMs?: Spread;
  /** from the fault to this client's first write there */
  readonly clientMs?: Spread;
  /** the difference, from when the client could know by its route */
  readonly lagMs?: Spread;
  readonly behindMs?: Spread;
  /** runs in which no write was acknowledged after the outage */
  readonly never: number;
  readonly ends: Record<string, Ends>;
  readonly errors: Record<string, number>;
  readonly lost: number;
  readonly doubled: number;
  readonly unexpected: number;
  readonly unresolved: number;
  readonly late: number;
  /** calls that had not ended seconds after the cluster was whole */
  readonly stuck: number;
  readonly stale: number;
  readonly longestMs: number;
  readonly stalledMs: number;
  /** errors of work that should never fail */
  readonly unsafe: number;
  readonly verdict: Verdict;
  /** by checker */
  readonly verdicts: Record<string, Verdict>;
  readonly findings: readonly CellFinding[];
  /** the highest of each value that was sampled */
  readonly highest: Record<string, number>;
}

/** Of one run. */
export interface CellFinding extends Finding {
  readonly history: string;
}

export function cellsOf(runs: readonly FaultRun[], specs: readonly ClientSpec[]): Cell[] {
  const groups = Map.groupBy(runs, ({ setting, fault }) => `${setting} ${fault}`);
  return [...groups.values()].flatMap((group) =>
    specs.flatMap((spec) => {
      const present = group.filter((run) => run.clients.some(({ client }) => client === spec.name));
      const mine = present.flatMap((run) => run.clients.filter(({ client }) => client === spec.name));
      const [first] = present;
      return first ? [cellOf(first, present, mine, spec)] : [];
    }),
  );
}

function cellOf(
  { setting, fault, refuses }: FaultRun,
  group: readonly FaultRun[],
  mine: readonly ClientRun[],
  spec: ClientSpec,
): Cell {
  const total = (field: (run: ClientRun) => number): number => mine.reduce((sum, run) => sum + field(run), 0);
  const ends = sumEnds(mine);
  const verdicts = merged(
    mine.map((run) => run.verdicts),
    (a, b) => worst([a, b]),
  );
  const serverMs = spread(group.flatMap((run) => run.serverMs ?? []));
  const clientMs = spread(mine.flatMap((run) => run.outageMs ?? []));
  const lagMs = spread(mine.flatMap((run) => run.lagMs ?? []));
  const behindMs = spread(mine.flatMap((run) => run.behindMs ?? []));
  return {
    setting,
    fault,
    client: spec.name,
    runs: mine.length,
    ...(serverMs && { serverMs }),
    ...(clientMs && { clientMs }),
    ...(lagMs && { lagMs }),
    ...(behindMs && { behindMs }),
    never: mine.filter(({ never }) => never).length,
    ends,
    errors: merged(
      mine.map(({ errors }) => errors),
      (a, b) => a + b,
    ),
    lost: total(({ lost }) => lost),
    doubled: total(({ doubled }) => doubled),
    unexpected: total(({ unexpected }) => unexpected),
    unresolved: total(({ unresolved }) => unresolved),
    late: total(({ late }) => late),
    stuck: Object.values(ends).reduce((sum, { open }) => sum + open, 0),
    stale: total(({ stale }) => stale),
    longestMs: Math.max(...mine.map((run) => run.longestMs)),
    stalledMs: Math.max(...mine.map((run) => run.stalledMs)),
    unsafe: spec.safe.reduce(
      (sum, kind) => sum + (refuses ? 0 : (ends[kind]?.fail ?? 0)) + (ends[kind]?.unknown ?? 0),
      0,
    ),
    verdict: worst(Object.values(verdicts)),
    verdicts,
    findings: mine.flatMap(({ findings, history }) => findings.map((each) => ({ ...each, history }))),
    highest: merged(
      mine.map((run) => run.highest),
      Math.max,
    ),
  };
}

/** Nearest rank; of five runs p95 is the worst. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: rank(0.5), p95: rank(0.95), max: rank(1) };
}

function sumEnds(runs: readonly ClientRun[]): Record<string, Ends> {
  const sum: Record<string, Ends> = {};
  for (const [kind, ends] of runs.flatMap((run) => Object.entries(run.ends))) {
    const of = (sum[kind] ??= { ok: 0, fail: 0, unknown: 0, open: 0 });
    for (const as of ['ok', 'fail', 'unknown', 'open'] as const) of[as] += ends[as];
  }
  return sum;
}

/** Records joined, with values of the same name made into one. */
function merged<T>(all: readonly Record<string, T>[], join: (a: T, b: T) => T): Record<string, T> {
  const sum: Record<string, T> = {};
  for (const [name, value] of all.flatMap((each) => Object.entries(each)))
    sum[name] = sum[name] === undefined ? value : join(sum[name], value);
  return sum;
}
