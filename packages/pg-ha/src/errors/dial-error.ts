import {
  asError,
  certificateRefusal,
  describeError,
  endpointKey,
  HaError,
  isHaError,
  type Endpoint,
} from '@steadfast/shared';
import { refusesLogin } from './sqlstate.ts';

/**
 * A failed dial as an error of ours. Whatever happened, no work had been sent.
 * HA_AUTH and HA_CONFIG mean that asking elsewhere would only hide the cause.
 * @param trust how the trusted certificates were set, for the message
 */
export function dialError(
  error: unknown,
  endpoint: Endpoint,
  who: { user: string; database: string; trust: string },
): HaError {
  if (isHaError(error)) return error;
  const member = endpointKey(endpoint);
  const details = { outcome: 'notSent', cause: error, member } as const;
  if (refusesLogin(error)) {
    const message = `${member} refuses user '${who.user}' for database '${who.database}' (${describeError(error)}); check user, password and database`;
    return new HaError('HA_AUTH', message, details);
  }
  if (lacksPassword(error)) {
    const message = `${member} wants a password of user '${who.user}', and none is given; check password (PGPASSWORD, POSTGRES_PASSWORD, or in the URL)`;
    return new HaError('HA_AUTH', message, details);
  }
  const refusal = certificateRefusal(error, member, who.trust);
  if (refusal) return refusal;
  return new HaError('HA_DIAL_FAILED', `could not connect to ${member}: ${describeError(error)}`, details);
}

/** pg's own complaint, before it has sent one: an error without a code, whose text is all that tells it. */
function lacksPassword(error: unknown): boolean {
  return /^SASL: .*client password must be a (?:non-empty )?string$/.test(asError(error).message);
}

/** The pool has been ended. */
export function poolEnded(): HaError {
  return new HaError('HA_CLOSED', 'the pool has been ended', { outcome: 'notSent' });
}
