import type { EpochRule } from '../topology/topology.ts';
import type { RoutePace } from '../policy/route-pace.ts';

/** Further questions through one route at once, while there is something to find out. */
const ROUTE_QUESTIONS = 5;

/** How long each of them may hear nothing in a search at least, ms. */
const ROUTE_PATIENCE_MS = 150;

/** So many stand beside a question to a member that hangs in a search; each may hear nothing until there are as many others. */
const COMPANIONS = 2;

/** How often such a question gets company, ms. */
const COMPANY_MS = 50;

/** Who has answered nothing for so long is gone rather than slow, ms. */
export const GONE_MS = 500;

/** A question to a crowded server has so long, ms: it stands in a queue, and another one would have to begin at its end. */
const CROWDED_MS = 10_000;

/** A question that is younger may be on its way yet, ms. */
const YOUNG_MS = 20;

export interface Asking {
  readonly rule: EpochRule;
  /** a primary is followed, and nothing speaks against it */
  readonly steady: boolean;
  /** for how long there has been no primary, ms; undefined: there is one */
  readonly searchedMs: number | undefined;
  /** no question to this one is under way */
  readonly first: boolean;
  /**
   * Whether one that hangs may get company: `due` when it is time; `now`, since another one that was gone is back, and what
   * kept that one silent may be over for this one, too; `none`, since another one has got it.
   */
  readonly company: 'due' | 'now' | 'none';
  readonly pace: Pick<
    RoutePace,
    'mayAsk' | 'answering' | 'opening' | 'crowded' | 'sinceMs' | 'silentMs' | 'patienceMs'
  >;
}

/** The time that a question has. */
export interface Bounds {
  /** without a byte by then it proves nothing, and another is put; undefined: it has the time that it takes */
  readonly patienceMs?: number;
  /** it has so long at least, however soon questions are given up otherwise */
  readonly leastMs?: number;
}

export interface NextQuestion extends Bounds {
  readonly atOnce: number;
}

/**
 * What to put to a member in this round, if anything. One that hangs would hang again; in a search it is asked once more beside
 * that, since it may be the link that hangs: only one that has answered nothing for long is asked often, since sooner it may be
 * slow, and would be made slower; one that is crowded is asked once, and waited for. Behind a route it is a matter of chance which server a question reaches, and one that hangs
 * must not keep the next from reaching another.
 */
export function nextQuestion(asking: Asking): NextQuestion | undefined {
  const { rule, steady, first, pace } = asking;
  if (rule === 'self' && pace.crowded) return first ? { atOnce: 1, leastMs: CROWDED_MS } : undefined;
  if (steady) return first ? { atOnce: 1 } : undefined;
  if (rule === 'route') return pace.mayAsk ? throughRoute(asking) : undefined;
  if (first) return { atOnce: 1 };
  return rule === 'self' ? companyFor(asking) : undefined;
}

function throughRoute({ searchedMs, first, pace }: Asking): NextQuestion {
  if (first) return { atOnce: 1 };
  if (searchedMs === undefined) return { atOnce: ROUTE_QUESTIONS };
  return { atOnce: ROUTE_QUESTIONS, patienceMs: pace.patienceMs(ROUTE_PATIENCE_MS) };
}

function companyFor({ searchedMs, company, pace }: Asking): NextQuestion | undefined {
  if (searchedMs === undefined || company === 'none') return undefined;
  if (pace.answering || pace.opening) return undefined;
  const leastMs = COMPANIONS * COMPANY_MS;
  const patienceMs = pace.patienceMs(leastMs);
  const gone = Math.min(pace.silentMs, searchedMs) >= GONE_MS;
  if (gone && company === 'now')
    return pace.sinceMs >= YOUNG_MS ? { atOnce: COMPANIONS + 1, patienceMs } : undefined;
  return pace.sinceMs >= (gone ? COMPANY_MS : leastMs) ? { atOnce: COMPANIONS, patienceMs } : undefined;
}
