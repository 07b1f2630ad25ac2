import type { LabDescription, ObserverEvent } from '../types.ts';
import type { Problem } from './problems.ts';

/** What the observer process has used since it started, in ms. */
export interface Usage {
  cpuMs: number;
  elapsedMs: number;
}

export type ToObserver = { ask: 'watch'; description: LabDescription } | { ask: 'report'; id: number };

export type FromObserver =
  /** Every watcher has seen something, or the time for that is over. */
  | { tell: 'watching' }
  | { tell: 'event'; event: ObserverEvent }
  | { tell: 'report'; id: number; problems: Problem[]; usage: Usage };
