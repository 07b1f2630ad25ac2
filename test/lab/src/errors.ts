/** Something about a lab is wrong: the message names what, and what is allowed. */
export class LabError extends Error {
  override readonly name: string = 'LabError';
}

/** This fault cannot be made here; the message names the fault and why. */
export class FaultUnavailable extends LabError {
  override readonly name: string = 'FaultUnavailable';
  readonly fault: string;
  constructor(fault: string, why: string) {
    super(`fault '${fault}' cannot be made here: ${why}`);
    this.fault = fault;
  }
}

/** A short reason out of anything that was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
