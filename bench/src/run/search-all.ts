import { searchRate, type Objective } from '../method/search-rate.ts';
import type { Measurement } from '../result.ts';
import type { StretchResult } from '../worker/messages.ts';
import type { BenchCell } from './cells.ts';
import { latenciesOf, measurementOf, type Measured } from './figures.ts';
import { Interrupted } from './interruption.ts';

export const SEARCH_STEPS = 14;
const MAX_PER_SECOND = 100_000;
const PRECISION = 0.1;
/** Of the rate that was wanted: where less ends in the same time, it is not served, and only the end of the load lets it catch up. */
const KEPT = 0.97;

export interface SearchOptions {
  readonly objective: Objective;
  /** calls per second to begin with */
  readonly begin: number;
  readonly workloadOf: (cell: BenchCell) => string;
  readonly measure: (cell: BenchCell, step: number) => Promise<StretchResult>;
  readonly failed: (cell: BenchCell, why: string) => void;
}

/** On each target, for the first workload that has an open loop: the highest rate that meets the objective. */
export async function searchAll(cells: readonly BenchCell[], options: SearchOptions): Promise<Measurement[]> {
  const open = cells.filter(({ loop }) => loop.kind === 'open');
  const firsts = open.filter(({ target }, at) => open.findIndex((each) => each.target === target) === at);
  const found: Measurement[] = [];
  for (const cell of firsts) found.push(await searchOne(cell, options));
  return found;
}

async function searchOne(cell: BenchCell, options: SearchOptions): Promise<Measurement> {
  const { objective, begin, measure, failed } = options;
  let step = 0;
  let best: Measured['stretches'] = [];
  const meets = async (perSecond: number): Promise<boolean> => {
    step += 1;
    try {
      const result = await measure({ ...cell, loop: { kind: 'open', perSecond } }, step);
      const good = meetsObjective(result, perSecond, objective);
      if (good) best = [{ repetition: step, result }];
      return good;
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      failed(cell, (error as Error).message);
      return false;
    }
  };
  const perSecond = await searchRate(meets, {
    from: begin,
    max: MAX_PER_SECOND,
    steps: SEARCH_STEPS,
    precision: PRECISION,
  });
  if (perSecond >= MAX_PER_SECOND)
    failed(cell, `the objective was met at ${MAX_PER_SECOND}/s, and no higher rate is tried`);
  const workload = options.workloadOf(cell);
  return {
    ...measurementOf({ cell, workload, stretches: best }),
    loop: { kind: 'search', objective },
    perSecond,
  };
}

export function meetsObjective(
  result: StretchResult,
  perSecond: number,
  { percentile, ms }: Objective,
): boolean {
  const { notSent, rejected, unknown } = result.errors;
  if (notSent + rejected + unknown > 0 || result.perSecond < perSecond * KEPT) return false;
  const latencies = latenciesOf(result);
  return latencies.count > 0 && latencies.at(percentile) <= ms;
}
