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
  return { ...options, minVersion: minVersion === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2' };
}
