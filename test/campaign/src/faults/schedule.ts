import type { CampaignFault, Part } from './campaign-fault.ts';

/**
 * - `make`, `heal`: of the fault with that index
 * - `whole`: waits until every member is back, since the next fault takes another one away
 */
export type Move = 'make' | 'heal' | 'whole';

export interface ScheduleStep {
  /** not before this, ms from the start */
  readonly at: number;
  readonly move: Move;
  /** which of the schedule's faults; absent with `whole` */
  readonly fault?: number;
}

/** Several faults, made and healed one by one, partly at the same time. */
export interface Schedule {
  readonly faults: readonly CampaignFault[];
  readonly steps: readonly ScheduleStep[];
}

export interface Bounds {
  readonly minFaults: number;
  readonly maxFaults: number;
  /** the last fault is healed by then, waits for the cluster left out, ms */
  readonly maxMs: number;
}

export const BOUNDS: Bounds = { minFaults: 2, maxFaults: 5, maxMs: 30_000 };

const MIN_HOLD_MS = 1_000;
const MAX_HOLD_MS = 8_000;
const MAX_GAP_MS = 4_000;
/** Overlapping takes luck; so many draws are made for each fault. */
const DRAWS = 40;
const LATER_MS = 100;
/** More than this and too few are left of three for a majority. */
const MAX_DOWN = 1;

interface Span {
  fault: CampaignFault;
  from: number;
  to: number;
}

/** Whether two faults can be made at the same time: they lay hands on different parts and leave a majority. */
export function mayOverlap(a: CampaignFault, b: CampaignFault): boolean {
  if (!a.combines || !b.combines || a.library !== b.library) return false;
  const touched = new Set(a.combines.touches);
  if (b.combines.touches.some((part) => touched.has(part))) return false;
  return downOf(a) + downOf(b) <= MAX_DOWN;
}

export function downOf({ combines }: CampaignFault): number {
  return combines?.down ?? 0;
}

/** Two or more faults with drawn moments. The same faults and the same randomness give the same schedule. */
export function drawSchedule(
  faults: readonly CampaignFault[],
  random: () => number,
  bounds: Bounds = BOUNDS,
): Schedule {
  const able = faults.filter(({ combines }) => combines !== undefined);
  const wanted = bounds.minFaults + below(random, bounds.maxFaults - bounds.minFaults + 1);
  const spans: Span[] = [];
  let last = 0;
  for (let draw = 0; draw < wanted * DRAWS && spans.length < wanted; draw++) {
    // What does not fit now may fit later.
    const from = spans.length === 0 ? 0 : last + below(random, MAX_GAP_MS + draw * LATER_MS);
    const fault = able[below(random, able.length)];
    const to = from + MIN_HOLD_MS + below(random, MAX_HOLD_MS - MIN_HOLD_MS);
    if (!fault || spans.some((other) => other.fault === fault)) continue;
    const beside = spans.filter((other) => other.to > from);
    if (to > bounds.maxMs || !beside.every((other) => mayOverlap(other.fault, fault))) continue;
    if (beside.reduce((sum, other) => sum + downOf(other.fault), downOf(fault)) > MAX_DOWN) continue;
    spans.push({ fault, from, to });
    last = from;
  }
  return inOrder(spans);
}

/** One fault while the other lasts, made and healed at drawn moments. */
export function drawPair(a: CampaignFault, b: CampaignFault, random: () => number): Schedule {
  const gap = below(random, MAX_GAP_MS / 2);
  const hold = (): number => gap + MIN_HOLD_MS + below(random, MAX_HOLD_MS - MIN_HOLD_MS);
  return inOrder([
    { fault: a, from: 0, to: hold() },
    { fault: b, from: gap, to: hold() },
  ]);
}

/** All pairs of a library that can be made at the same time. */
export function pairsOf(faults: readonly CampaignFault[]): [CampaignFault, CampaignFault][] {
  return faults.flatMap((a, index) =>
    faults
      .slice(index + 1)
      .filter((b) => mayOverlap(a, b))
      .map((b): [CampaignFault, CampaignFault] => [a, b]),
  );
}

function inOrder(spans: readonly Span[]): Schedule {
  const moves = spans
    .flatMap(({ from, to }, fault): ScheduleStep[] => [
      { at: from, move: 'make', fault },
      { at: to, move: 'heal', fault },
    ])
    .toSorted((a, b) => a.at - b.at);
  const faults = spans.map(({ fault }) => fault);
  const open = new Set<number>();
  let returning = false;
  const steps: ScheduleStep[] = [];
  const heal = (at: number, fault: number): void => {
    // It may have been healed before its time.
    if (!open.delete(fault)) return;
    if (changesMembers(faults[fault])) returning = true;
    steps.push({ at, move: 'heal', fault });
  };
  for (const { at, move, fault } of moves) {
    if (fault === undefined) continue;
    if (move === 'heal') {
      heal(at, fault);
      continue;
    }
    if (returning && changesMembers(faults[fault])) {
      for (const other of open) if (!leavesWhole(faults[other])) heal(at, other);
      steps.push({ at, move: 'whole' });
      returning = false;
    }
    open.add(fault);
    steps.push({ at, move, fault });
  }
  return { faults, steps };
}

/** The cluster can become whole while it lasts: it is the clients' alone. */
function leavesWhole(fault: CampaignFault | undefined): boolean {
  const aside: readonly Part[] = ['links', 'rest', 'clients'];
  return fault?.combines?.touches.every((part) => aside.includes(part)) === true;
}

/** Takes a member away, or its role: before another does, the cluster must be whole. */
function changesMembers(fault: CampaignFault | undefined): boolean {
  return fault !== undefined && (downOf(fault) > 0 || fault.combines?.touches.includes('primary') === true);
}

/** A line for people: `0.0 s crash, 1.4 s slow-link, 3.2 s heal crash, …`. */
export function describeSchedule({ faults, steps }: Schedule): string {
  return steps
    .map(({ at, move, fault }) => {
      const name = fault === undefined ? '' : (faults[fault]?.name ?? '');
      const what = move === 'whole' ? 'wait for the whole cluster' : move === 'heal' ? `heal ${name}` : name;
      return `${(at / 1_000).toFixed(1)} s ${what}`;
    })
    .join(', ');
}

function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}
