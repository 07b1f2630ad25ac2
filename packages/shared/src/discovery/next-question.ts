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

/** A question that was let in has so long, ms: it may stand in a queue, and another one would have to begin at its end. */
const LET_IN_MS = 10_000;

/** One that was let in so long ago, ms, may have lost its link since. */
const QUEUED_MS = 1_000;

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
  /** every member takes connections and says nothing: it is our own way that hangs */
  readonly ourWay: boolean;
  readonly pace: Pick<
    RoutePace,
    'mayAsk' | 'answering' | 'opening' | 'crowded' | 'letInMs' | 'sinceMs' | 'silentMs' | 'patienceMs'
  >;
}

/** The time that a question has. */
export interface Bounds {
  /** without a byte by then it proves nothing, and another is put; undefined: it has the time that it takes */
  readonly patienceMs?: number;
  /** it has so long once its server has taken its connection */
  readonly letInMs?: number;
  /** it has so long at least, however soon questions are given up otherwise */
  readonly leastMs?: number;
}

export interface NextQuestion extends Bounds {
  readonly atOnce: number;
}

/**
 * What to put to a member in this round, if anything. One that hangs would hang again; in a search it is asked once more beside
 * that, since it may be the link that hangs: only one that has answered nothing for long is asked often, since sooner it may be
 * slow, and would be made slower. Where a question was let in it stands in a queue, as those of a thousand other processes, and
 * is waited for: each further one would make the queue longer. Behind a route it is a matter of chance which server a question
 * reaches, and one that hangs must not keep the next from reaching another.
 */
export function nextQuestion(asking: Asking): NextQuestion | undefined {
  const { rule, steady, first, searchedMs, pace } = asking;
  if (rule === 'self' && pace.crowded) return first ? { atOnce: 1, leastMs: LET_IN_MS } : undefined;
  if (steady) return first ? { atOnce: 1 } : undefined;
  if (rule === 'route') return pace.mayAsk ? throughRoute(asking) : undefined;
  if (rule === 'nominated' || searchedMs === undefined) return first ? { atOnce: 1 } : undefined;
  if (asking.ourWay) return first ? { atOnce: 1 } : companyFor(asking, searchedMs);
  const next = pace.letInMs === undefined ? asUsual(asking, searchedMs) : behindOthers(asking, pace.letInMs);
  return next && { ...next, letInMs: LET_IN_MS };
}

function throughRoute({ searchedMs, first, pace }: Asking): NextQuestion {
  if (first) return { atOnce: 1 };
  if (searchedMs === undefined) return { atOnce: ROUTE_QUESTIONS };
  return { atOnce: ROUTE_QUESTIONS, patienceMs: pace.patienceMs(ROUTE_PATIENCE_MS) };
}

function asUsual(asking: Asking, searchedMs: number): NextQuestion | undefined {
  return asking.first ? { atOnce: 1 } : companyFor(asking, searchedMs);
}

/** One was let in and hears nothing: the link may have been cut since, so another one is put when it has waited twice as long. */
function behindOthers({ first, pace }: Asking, letInMs: number): NextQuestion | undefined {
  const due = letInMs >= QUEUED_MS && pace.sinceMs >= Math.max(QUEUED_MS, letInMs / 2);
  return first && due ? { atOnce: 1 } : undefined;
}

function companyFor({ company, pace }: Asking, searchedMs: number): NextQuestion | undefined {
  if (company === 'none' || pace.answering || pace.opening) return undefined;
  const leastMs = COMPANIONS * COMPANY_MS;
  const patienceMs = pace.patienceMs(leastMs);
  const gone = Math.min(pace.silentMs, searchedMs) >= GONE_MS;
  if (gone && company === 'now')
    return pace.sinceMs >= YOUNG_MS ? { atOnce: COMPANIONS + 1, patienceMs } : undefined;
  return pace.sinceMs >= (gone ? COMPANY_MS : leastMs) ? { atOnce: COMPANIONS, patienceMs } : undefined;
}
