import type { Blueprint } from '../blueprint.ts';
import type { Servers } from '../process/server.ts';
import type { FaultArgs } from '../types.ts';

export interface FaultContext {
  blueprint: Blueprint;
  servers: Servers;
  /** Notes, with the time, what was done just now. */
  note: (what: string) => void;
}

/** What is decided before anything is done; plain JSON, since another process may heal. */
export interface FaultPlan {
  /** What is hit, as the fault shows it. */
  target: string;
}

/** One fault: exactly what it means, how it is made and how it is healed. */
export interface FaultKind<Plan extends FaultPlan = FaultPlan> {
  /** What is done to what. */
  meaning: string;
  /** What `heal` does; where a fault leaves nothing to undo, why. */
  healing: string;
  /** What `target` is when it is not given, and what it may be. */
  target: string;
  /** Other arguments, with their defaults. */
  args?: Record<string, string>;
  /** It cannot be made on loopback. */
  needsNamespaces?: boolean;
  needs?: ('postgres' | 'redis' | 'haproxy' | 'managed')[];
  plan: (context: FaultContext, args: FaultArgs) => Promise<Plan>;
  /** Does it; may add to the plan what healing must know. */
  make: (context: FaultContext, plan: Plan) => Promise<void>;
  heal: (context: FaultContext, plan: Plan) => Promise<void>;
}

/** Keeps the plan's type inside the fault; the table knows all faults by their common shape. */
export function defineFault<Plan extends FaultPlan>(kind: FaultKind<Plan>): FaultKind {
  return kind as unknown as FaultKind;
}

export const NOTHING_TO_HEAL = 'nothing to undo: ';
