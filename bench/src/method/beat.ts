/** Time as a load needs it; ms on a clock that only rises. */
export interface Beat {
  now(): number;
  /** resolves at that instant or soon after, never before */
  until(atMs: number): Promise<void>;
}
