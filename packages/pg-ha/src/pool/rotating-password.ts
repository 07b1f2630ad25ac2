import { isHaError, type Seat } from '@steadfast/shared';

/** A password that is read at each dial, and was refused, is read again after this, ms. */
export const REREAD_MS = 1_000;

export interface PasswordReader {
  /** the password is a function, which is asked at each dial */
  readonly rereadsPassword: boolean;
  readonly monitor: Pick<Seat, 'topology'>;
}

/** Whether this refusal may pass: a server may have heard of a change of the password before whoever reads it for us. */
export function mayBeRotating(error: unknown, { rereadsPassword, monitor }: PasswordReader): boolean {
  return rereadsPassword && monitor.topology.generation > 0 && isHaError(error, 'HA_AUTH');
}
