import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { describeError, HaError } from '../errors/ha-error.ts';
import { wrongSetting } from './read-options.ts';

/** The part of Node's TLS options that says which versions may be spoken. */
export interface TlsVersions {
  minVersion?: string | undefined;
  maxVersion?: string | undefined;
  secureProtocol?: string | undefined;
}

const SPOKEN: readonly (string | undefined)[] = ['TLSv1.2', 'TLSv1.3', undefined];

/**
 * TLS options of the app's own, with TLS 1.2 as the least that is spoken.
 * @throws HaError HA_CONFIG where they ask for less
 */
export function atLeastTls12<T extends object>(
  what: string,
  options: T,
): T & { minVersion: 'TLSv1.2' | 'TLSv1.3' } {
  const { minVersion, maxVersion, secureProtocol }: TlsVersions = options;
  if (!SPOKEN.includes(minVersion)) throw wrongSetting(`${what}.minVersion`, minVersion, 'TLSv1.2, TLSv1.3');
  if (!SPOKEN.includes(maxVersion)) throw wrongSetting(`${what}.maxVersion`, maxVersion, 'TLSv1.2, TLSv1.3');
  if (secureProtocol !== undefined)
    throw wrongSetting(`${what}.secureProtocol`, secureProtocol, 'not set; minVersion and maxVersion say it');
  const spoken = { ...options, minVersion: minVersion === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2' } as const;
  refuseUnusable(what, spoken);
  return spoken;
}

/** A key that does not fit, a cipher that does not exist: each dial would fail of it, and say so only to the log. */
function refuseUnusable(what: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    const message = `${what}: node:tls cannot use it (${describeError(error)}); allowed: what tls.createSecureContext takes`;
    throw new HaError('HA_CONFIG', message, { outcome: 'notSent', cause: error });
  }
}
