import { HaError } from '@steadfast/shared';
import { sqlstateOf } from '../errors/sqlstate.ts';
import { isByRole } from '../errors/work-error.ts';

/**
 * Whether another server will do for a read that failed so: its own went away, or cancelled it in favour of what it had to
 * replay (40001, 'conflict with recovery'). That a write was refused is not its fault.
 */
export function blamesServer(error: unknown): boolean {
  const sqlstate = sqlstateOf(error);
  return sqlstate === '40001' || (sqlstate !== '25006' && isByRole(error));
}

/** A write that was given to whoever runs reads alone, as an error that says so. */
export function explainRead(error: Error): Error {
  if (sqlstateOf(error) !== '25006') return error;
  const message = `this pool runs reads alone, and the statement writes (${error.message}); give it to the pool of the primary`;
  return new HaError('HA_READ_ONLY', message, { outcome: 'rejected', cause: error });
}
