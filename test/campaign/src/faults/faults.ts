import type { Library } from '../clients/client.ts';
import { seededRandom } from '../plan.ts';
import type { CampaignFault } from './campaign-fault.ts';
import { composed } from './composed.ts';
import { PG_FAULTS } from './pg-faults.ts';
import { REDIS_FAULTS } from './redis-faults.ts';
import { drawPair, drawSchedule, pairsOf } from './schedule.ts';

export const CAMPAIGN_FAULTS: readonly CampaignFault[] = [...PG_FAULTS, ...REDIS_FAULTS];

const LIBRARIES: readonly Library[] = ['pg', 'redis'];

export interface Wanted {
  /** so many pairs of each library */
  readonly pairs: number;
  /** so many random schedules of each library */
  readonly random: number;
  readonly seed: number;
}

/** Pairs and random schedules of both libraries; the same seed gives the same, and fewer give the first of more. */
export function composedFaults({ pairs, random, seed }: Wanted): CampaignFault[] {
  return LIBRARIES.flatMap((library) => {
    const faults = CAMPAIGN_FAULTS.filter((fault) => fault.library === library);
    return [...drawnPairs(faults, pairs, seed), ...randomSchedules(faults, random, seed)];
  });
}

function drawnPairs(faults: readonly CampaignFault[], count: number, seed: number): CampaignFault[] {
  const draw = seededRandom(seed);
  return pairsOf(faults)
    .map((pair) => ({ pair, rank: draw(), random: seededRandom(Math.floor(draw() * 2 ** 32)) }))
    .toSorted((one, other) => one.rank - other.rank)
    .slice(0, count)
    .map(({ pair: [a, b], random }) => composed(`${a.name}+${b.name}`, drawPair(a, b, random)));
}

/** Each has a seed of its own: `--random 1 --seed <that>` runs it alone. */
function randomSchedules(faults: readonly CampaignFault[], count: number, seed: number): CampaignFault[] {
  return Array.from({ length: count }, (_, n) =>
    composed(`random-${seed + n}`, drawSchedule(faults, seededRandom(seed + n))),
  );
}
