import { describeError, endpointKey, HaError, isHaError, type Endpoint } from '@steadfast/shared';
import { sqlstateMeaning, sqlstateOf } from './sqlstate.ts';

/** Codes of node:tls that mean the certificate is not one we were told to trust. */
const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

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
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== undefined && sqlstateMeaning(sqlstate).credentials) {
    const message = `${member} refuses user '${who.user}' for database '${who.database}' (${describeError(error)}); check user, password and database`;
    return new HaError('HA_AUTH', message, details);
  }
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && CERTIFICATE_CODES.has(code)) {
    const message = `${member} showed a certificate that ${who.trust} does not vouch for (${describeError(error)})`;
    return new HaError('HA_CONFIG', message, details);
  }
  return new HaError('HA_DIAL_FAILED', `could not connect to ${member}: ${describeError(error)}`, details);
}
