/** To the worker: try this target. */
export interface Order {
  readonly name: string;
  readonly seed: number;
  readonly runs: number;
}

/** From the worker: what came of it. */
export interface Verdict {
  readonly tried: number;
  /** what was broken by which input, smallest first; undefined where nothing was */
  readonly broken: string | undefined;
}
