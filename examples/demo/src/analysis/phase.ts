/** The stretch of a run that belongs to one fault: the quiet before it, the fault, and until all is healthy again. */
export interface Phase {
  /** where the phase before ended */
  readonly from: number;
  /** when the fault was made */
  readonly faultAt: number;
  readonly until: number;
}

export function within(phase: Phase, at: number): boolean {
  return at > phase.from && at <= phase.until;
}
