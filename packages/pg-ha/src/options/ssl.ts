import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { describeError, wrongSetting, type Environment } from '@steadfast/shared';
import { SSL_MODES, type SslMode } from './table.ts';

/** What pg takes as `ssl`, and how to name it in an error. */
export interface SslSetting {
  readonly value: false | ConnectionOptions;
  /** 'PGSSLROOTCERT /etc/ca.pem', for errors about certificates */
  readonly trust: string;
}

/**
 * libpq's meaning of sslmode: `require` encrypts and verifies nothing, unless a root certificate is given, which makes it
 * `verify-ca`; `verify-full` also checks the host name. Never below TLS 1.2.
 * https://www.postgresql.org/docs/current/libpq-ssl.html
 */
export function resolveSsl(
  option: boolean | ConnectionOptions | undefined,
  sourceName: string,
  params: URLSearchParams,
  env: Environment,
  defaultMode: SslMode,
): SslSetting {
  if (option === false) return { value: false, trust: 'option ssl' };
  if (option !== undefined)
    return { value: { minVersion: 'TLSv1.2', ...(option === true ? {} : option) }, trust: 'option ssl' };
  const inUrl = params.get('sslmode') ?? sslParam(params.get('ssl'), sourceName);
  const raw = inUrl ?? (env['PGSSLMODE'] || defaultMode);
  const mode = SSL_MODES.find((known) => known === raw);
  if (!mode)
    throw wrongSetting(
      inUrl === null ? 'PGSSLMODE' : `sslmode in ${sourceName}`,
      raw,
      SSL_MODES.join(', '),
      SSL_MODES,
    );
  if (mode === 'disable') return { value: false, trust: 'sslmode' };
  return fromMode(mode, pem('sslrootcert', 'PGSSLROOTCERT', sourceName, params, env), {
    cert: pem('sslcert', 'PGSSLCERT', sourceName, params, env)?.content,
    key: pem('sslkey', 'PGSSLKEY', sourceName, params, env)?.content,
  });
}

/** pg's own `ssl=true` in a URL, in libpq's words. */
function sslParam(given: string | null, sourceName: string): SslMode | null {
  if (given === null) return null;
  if (given === 'true' || given === '1') return 'verify-full';
  if (given === 'false' || given === '0') return 'disable';
  throw wrongSetting(`ssl in ${sourceName}`, given, 'true, false; or better sslmode');
}

interface Pem {
  what: string;
  content: string;
}

/** One for all: settings with it are the same settings. */
const anyName = (): undefined => undefined;

function fromMode(
  mode: Exclude<SslMode, 'disable'>,
  root: Pem | undefined,
  client: { cert: string | undefined; key: string | undefined },
): SslSetting {
  const value: ConnectionOptions = { minVersion: 'TLSv1.2' };
  if (client.cert !== undefined) value.cert = client.cert;
  if (client.key !== undefined) value.key = client.key;
  if (root) value.ca = root.content;
  if (mode === 'require' && !root) value.rejectUnauthorized = false;
  else if (mode !== 'verify-full') value.checkServerIdentity = anyName;
  return { value, trust: root?.what ?? "PGSSLROOTCERT (not set: the system's certificates)" };
}

function pem(
  param: string,
  variable: string,
  sourceName: string,
  params: URLSearchParams,
  env: Environment,
): Pem | undefined {
  const inUrl = params.get(param);
  const path = inUrl ?? (env[variable] || undefined);
  if (path === undefined) return undefined;
  const what = inUrl === null ? variable : `${param} in ${sourceName}`;
  return { what: `${what} ${path}`, content: readPem(what, path) };
}

/** @throws HaError HA_CONFIG naming the setting, the path and what is wrong with the file */
export function readPem(what: string, path: string): string {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw wrongSetting(what, path, `the path of a readable PEM file (${describeError(error)})`);
  }
  if (!content.includes('-----BEGIN '))
    throw wrongSetting(what, path, 'a PEM file, and this one holds no certificate or key');
  return content;
}
