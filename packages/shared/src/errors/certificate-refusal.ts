import { describeError, HaError } from './ha-error.ts';
import { peek } from './peek.ts';

/** Codes of node:tls that mean the server's certificate is not one we were told to trust, and what to do about each kind. */
const ADVICE: ReadonlyMap<string, (trust: string) => string> = new Map([
  ['CERT_HAS_EXPIRED', renew],
  ['CERT_NOT_YET_VALID', renew],
  ['CERT_REVOKED', renew],
  ['ERR_TLS_CERT_ALTNAME_INVALID', rename],
  ['HOSTNAME_MISMATCH', rename],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', trustIt],
  ['SELF_SIGNED_CERT_IN_CHAIN', trustIt],
  ['UNABLE_TO_GET_ISSUER_CERT', trustIt],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', trustIt],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', trustIt],
  ['CERT_SIGNATURE_FAILURE', trustIt],
  ['CERT_UNTRUSTED', trustIt],
  ['INVALID_CA', trustIt],
]);

/**
 * The error for a server whose certificate does not verify: it names the host, the setting that says whom to trust, and what
 * to do. Undefined for any other failure.
 * @param member host:port that was dialled
 * @param trust the setting that holds the trusted certificates, as a person would look for it
 */
export function certificateRefusal(error: unknown, member: string, trust: string): HaError | undefined {
  const code = peek(error, 'code');
  const advice = typeof code === 'string' ? ADVICE.get(code) : undefined;
  if (!advice) return undefined;
  const message = `the certificate of ${member} was refused (${describeError(error)}): ${advice(trust)}`;
  return new HaError('HA_CONFIG', message, { outcome: 'notSent', cause: error, member });
}

function renew(): string {
  return 'it is not valid now; whoever runs the server must renew it (and the clocks of both should be right)';
}

function rename(): string {
  return 'it was made for another name; dial the name that stands in it, or have it made for the name that is dialled';
}

function trustIt(trust: string): string {
  return `${trust} does not vouch for it; set it to the certificate of the authority that signed it (a provider offers it for download)`;
}
