import type { ConnectionOptions } from 'node:tls';
import {
  atLeastTls12,
  certificateRefusal,
  HaError,
  peek,
  readCertificates,
  wrongSetting,
} from '@steadfast/shared';
import type { HaOptions } from './option-table.ts';

/**
 * What the caller gave, true where only the URL says so, and our own settings on top. Never below TLS 1.2.
 * @param what the option's name, for errors about it
 */
export function resolveTls(
  what: string,
  given: boolean | ConnectionOptions,
  options: Pick<HaOptions, 'ca' | 'verifyMode'>,
): ConnectionOptions {
  const asked = typeof given === 'object' ? given : {};
  // Where ioredis keeps a provider's old certificates; none of our own dials would know them.
  const { profile } = asked as { profile?: unknown };
  if (profile !== undefined && profile !== null)
    throw wrongSetting(
      `option ${what}.profile`,
      profile,
      `not used here; give the provider's certificates in ${CA}`,
    );
  const known = options.ca === undefined ? {} : { ca: readCertificates(CA, options.ca) };
  const unverified = options.verifyMode === 'none' ? { rejectUnauthorized: false } : {};
  return atLeastTls12(`option ${what}`, { ...known, ...unverified, ...asked });
}

/** How to name the setting that says whom to trust. */
export const CA = 'REDIS_HA_CA or REDIS_HA_CA_FILE (option ca)';

/** The clear error for a server whose certificate we refuse, or that speaks no TLS; undefined for any other failure. */
export function tlsRefusal(error: unknown, member: string): HaError | undefined {
  const code = peek(error, 'code');
  const refusal = certificateRefusal(error, member, CA);
  if (refusal) return refusal;
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    const message = `${member} does not speak TLS (${code}); use redis:// in REDIS_URL, or its TLS port`;
    return new HaError('HA_CONFIG', message, { outcome: 'notSent', cause: error, member });
  }
  return undefined;
}
