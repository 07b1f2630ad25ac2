import type { FailoverResult } from '../result.ts';

/** Failovers that are made and measured when all else of a run is done. */
export interface Failovers {
  /** what they are thought to take together */
  readonly plannedMs: number;
  readonly run: (say: (line: string) => void) => Promise<FailoverResult[]>;
}
