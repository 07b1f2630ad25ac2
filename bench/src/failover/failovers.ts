import type { FailoverResult } from '../result.ts';

/** Failovers that are made and measured when all else of a run is done. */
export interface Failovers {
  /** what they are thought to take together */
  readonly plannedMs: number;
  /** one that cannot be measured is told of, and the others are */
  readonly run: (tell: Telling) => Promise<FailoverResult[]>;
}

export interface Telling {
  readonly say: (line: string) => void;
  readonly failed: (what: string, error: unknown) => void;
}
