import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { describeError, HaError, wrongSetting } from '@steadfast/shared';
import type { HaOptions } from './option-table.ts';

/** What the caller gave, true where only the URL says so, and our own settings on top. */
export function resolveTls(
  given: boolean | ConnectionOptions,
  options: Pick<HaOptions, 'caFile' | 'verifyMode'>,
): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    ...(options.caFile === undefined ? {} : { ca: readPem(options.caFile) }),
    ...(options.verifyMode === 'none' ? { rejectUnauthorized: false } : {}),
    ...(typeof given === 'object' ? given : {}),
  };
}

function readPem(path: string): string {
  const allowed = 'the path of a readable PEM file with at least one certificate';
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw wrongSetting(
      `REDIS_HA_CA_FILE (option caFile), which cannot be read (${describeError(error)}),`,
      path,
      allowed,
    );
  }
  if (content.includes('-----BEGIN CERTIFICATE-----')) return content;
  throw wrongSetting('REDIS_HA_CA_FILE (option caFile), which holds no certificate,', path, allowed);
}

const CERTIFICATE_ERRORS = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'CERT_REVOKED',
  'INVALID_CA',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** The clear error for a server whose certificate we refuse, or that speaks no TLS; undefined for any other failure. */
export function tlsRefusal(error: unknown, member: string): HaError | undefined {
  const { code } = (error ?? {}) as { code?: string };
  const about = { outcome: 'notSent', cause: error, member } as const;
  if (CERTIFICATE_ERRORS.has(code ?? '')) {
    const allowed = `REDIS_HA_CA_FILE (option caFile) must name the CA that signed it, for the name that is dialled`;
    return new HaError(
      'HA_CONFIG',
      `the certificate of ${member} was refused (${describeError(error)}); ${allowed}`,
      about,
    );
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    const message = `${member} does not speak TLS (${code}); use redis:// in REDIS_URL, or its TLS port`;
    return new HaError('HA_CONFIG', message, about);
  }
  return undefined;
}
