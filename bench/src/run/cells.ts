import { CLIENT_KINDS } from '../clients/registry.ts';
import type { Loop } from '../method/load.ts';
import type { Cell } from '../method/pairing.ts';
import type { Target } from '../targets/target.ts';
import type { Workload } from '../workloads/workload.ts';

/** One client on one target under one workload and load. */
export interface BenchCell extends Cell {
  readonly target: Target;
  readonly client: string;
  /** as `findWorkload` takes it */
  readonly workload: string;
  readonly loop: Loop;
  readonly env: Readonly<Record<string, string>>;
}

export interface Chosen {
  /** a name or a file */
  readonly given: string;
  readonly workload: Workload;
}

export interface CellOptions {
  readonly callers: number;
  readonly perSecond: number;
  readonly repetitions: number;
  /** of what is compared: an interval needs more of them */
  readonly pairRepetitions: number;
  readonly stock: boolean;
  /** pairs for these workloads alone; undefined: for all */
  readonly pairsOf?: readonly string[];
}

/** Dials at once of a connect-only workload: more would measure how a server queues them. */
const DIALLERS = 4;

/** Everything that is measured: capacity by a closed loop, beside a stock client where one can be used, and latency by an open one. */
export function cellsOf(
  targets: readonly Target[],
  chosen: readonly Chosen[],
  options: CellOptions,
): BenchCell[] {
  return targets.flatMap((target) =>
    chosen
      .filter(({ workload }) => workload.library === target.library)
      .flatMap((each) => cellsOfWorkload(target, each, options)),
  );
}

function cellsOfWorkload(target: Target, { given, workload }: Chosen, options: CellOptions): BenchCell[] {
  const { callers, perSecond, repetitions, pairRepetitions, stock, pairsOf } = options;
  const [ours, other] = CLIENT_KINDS.filter(({ library }) => library === target.library);
  if (!ours || !other) return [];
  const cell = (
    client: string,
    env: BenchCell['env'],
    loop: Loop,
    count: number,
    pair?: string,
  ): BenchCell => ({
    key: [target.name, client, workload.name, loop.kind].join(' '),
    repetitions: count,
    ...(pair !== undefined && { pair }),
    target,
    client,
    workload: given,
    loop,
    env,
  });
  const closed: Loop = {
    kind: 'closed',
    callers: workload.connectEach ? Math.min(DIALLERS, callers) : callers,
  };
  const paired = stock && target.stockEnv !== undefined && (pairsOf?.includes(workload.name) ?? true);
  const pair = `${target.name} ${workload.name}`;
  const capacity = paired
    ? [
        cell(ours.name, target.env, closed, pairRepetitions, pair),
        cell(other.name, target.stockEnv ?? {}, closed, pairRepetitions, pair),
      ]
    : [cell(ours.name, target.env, closed, repetitions)];
  if (workload.connectEach) return capacity;
  return [...capacity, cell(ours.name, target.env, { kind: 'open', perSecond }, repetitions)];
}
