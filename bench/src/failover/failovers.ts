import type { FailoverResult } from '../result.ts';

/** Failovers that are made and measured when all else of a run is done. */
export interface Failovers {
  /** what they are thought to take together */
  readonly plannedMs: number;
  /** what they make and do on whose servers, in words */
  readonly touches: readonly string[];
  /** one that cannot be measured is told of, and the others are */
  readonly run: (tell: Telling) => Promise<FailoverResult[]>;
}

export interface Telling {
  readonly say: (line: string) => void;
  readonly failed: (what: string, error: unknown) => void;
  /** what whoever reads the result has to know, however the run ends */
  readonly note: (line: string) => void;
}
