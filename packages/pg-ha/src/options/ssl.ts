import type { ConnectionOptions } from 'node:tls';
import {
  atLeastTls12,
  readCertificates,
  readKey,
  shownPem,
  wrongSetting,
  type Environment,
} from '@steadfast/shared';
import { SSL_MODES, type SslMode } from './table.ts';

/** What pg takes as `ssl`, and how to name it in an error. */
export interface SslSetting {
  readonly value: false | ConnectionOptions;
  /** 'PGSSLROOTCERT /etc/ca.pem', for errors about certificates */
  readonly trust: string;
  /** the link is encrypted, and anybody may stand at its other end */
  readonly unverified?: boolean;
}

export interface SslSource {
  /** pg's option `ssl` */
  readonly option: boolean | ConnectionOptions | undefined;
  /** the option `ca`, or PG_HA_CA */
  readonly ca: { readonly what: string; readonly given: string; readonly isOption: boolean } | undefined;
  /** where the parameters come from: 'DATABASE_URL' */
  readonly name: string;
  readonly params: URLSearchParams;
  /** libpq's sslnegotiation: `direct` begins with the TLS handshake */
  readonly negotiation: string | undefined;
  readonly env: Environment;
  readonly defaultMode: SslMode;
  /** the provider signs with a CA of the customer's own: without it nothing can be verified */
  readonly needsCa: boolean;
}

/** libpq's word for the system's certificates, in the place of a file. */
const SYSTEM = 'system';
const NO_CA = "PG_HA_CA (not set: the system's certificates)";

/**
 * libpq's meaning of sslmode: `require` encrypts and verifies nothing, unless a root certificate is given, which makes it
 * `verify-ca`; `verify-full` also checks the host name, and so does `verify-ca` where no root certificate is given (which
 * libpq refuses): the system's vouch for everybody. Without sslmode a root or a client certificate means `verify-full`. Never
 * below TLS 1.2.
 * https://www.postgresql.org/docs/current/libpq-ssl.html
 */
export function resolveSsl(source: SslSource): SslSetting {
  const setting = readSsl(source);
  if (source.negotiation !== 'direct' || setting.value !== false) return setting;
  const allowed = `postgres, or not set, where TLS is turned off (${setting.trust})`;
  throw wrongSetting('sslnegotiation', 'direct', allowed);
}

function readSsl(source: SslSource): SslSetting {
  const { params, env } = source;
  const option = source.option ?? undefined; // null, as in pg, is not set
  if (option !== undefined && typeof option !== 'boolean' && typeof option !== 'object')
    throw wrongSetting('option ssl', typeof option, 'true, false or an object of TLS options');
  if (option === false) return { value: false, trust: 'option ssl' };
  if (option !== undefined) return fromOption(option, source);
  const mode = readMode(source);
  if (mode === 'disable') return { value: false, trust: 'sslmode' };
  const root = rootCertificates(source);
  if (root === undefined && source.needsCa && mode !== 'require') {
    const allowed =
      "with this provider, the CA certificate of your project or cluster: the path of the file that its console offers, or the file's text";
    throw wrongSetting('PG_HA_CA (option ca)', 'not set', allowed);
  }
  const cert = given('sslcert', 'PGSSLCERT', source.name, params, env);
  const key = given('sslkey', 'PGSSLKEY', source.name, params, env);
  return fromMode(mode, root, {
    ...(cert && { cert: readCertificates(cert.what, cert.given) }),
    ...(key && { key: readKey(key.what, key.given) }),
  });
}

function fromOption(option: true | ConnectionOptions, { ca }: SslSource): SslSetting {
  const asked: ConnectionOptions = option === true ? {} : option;
  const known = ca && asked.ca === undefined ? { ca: readCertificates(ca.what, ca.given) } : {};
  // Stock pg makes the key of an app's own object one that is not enumerated, so that nobody prints it.
  const key = asked.key === undefined ? {} : { key: asked.key };
  const value = atLeastTls12('option ssl', { ...known, ...asked, ...key });
  const trust = ca && asked.ca === undefined ? `${ca.what} ${shownPem(ca.given)}` : 'option ssl';
  return { value, trust, ...(asked.rejectUnauthorized === false && { unverified: true }) };
}

function readMode(source: SslSource): SslMode {
  const { name, params, env, defaultMode } = source;
  const inUrl = params.get('sslmode') ?? sslParam(params.get('ssl'), name);
  const raw = inUrl ?? (env['PGSSLMODE'] || (impliesTls(source) ? 'verify-full' : defaultMode));
  const mode = SSL_MODES.find((known) => known === raw);
  if (mode) return mode;
  const what = inUrl === null ? 'PGSSLMODE' : `sslmode in ${name}`;
  throw wrongSetting(what, raw, SSL_MODES.join(', '), SSL_MODES);
}

/** Without TLS these would do nothing: whoever gives one wants it, also where pg's own reading of the URL turns it on. */
const TLS_PARAMS = ['sslrootcert', 'sslcert', 'sslkey'] as const;
const TLS_VARIABLES = ['PGSSLROOTCERT', 'PGSSLCERT', 'PGSSLKEY'] as const;

function impliesTls({ params, negotiation, env }: SslSource): boolean {
  return (
    negotiation === 'direct' ||
    TLS_PARAMS.some((param) => params.get(param)) ||
    TLS_VARIABLES.some((variable) => env[variable])
  );
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
  given: string;
}

/** The option first, then the URL, then PG_HA_CA, then PGSSLROOTCERT. */
function rootCertificates({ ca, name, params, env }: SslSource): Pem | undefined {
  const ofUrl = params.get('sslrootcert');
  if (ca && (ca.isOption || ofUrl === null)) return ca;
  return given('sslrootcert', 'PGSSLROOTCERT', name, params, env);
}

function given(
  param: string,
  variable: string,
  sourceName: string,
  params: URLSearchParams,
  env: Environment,
): Pem | undefined {
  const inUrl = params.get(param);
  const value = inUrl ?? (env[variable] || undefined);
  if (value === undefined) return undefined;
  return { what: inUrl === null ? variable : `${param} in ${sourceName}`, given: value };
}

/** One for all: settings with it are the same settings. */
const anyName = (): undefined => undefined;

function fromMode(
  mode: Exclude<SslMode, 'disable'>,
  root: Pem | undefined,
  client: { cert?: string; key?: string },
): SslSetting {
  const value: ConnectionOptions = { minVersion: 'TLSv1.2', ...client };
  if (root && root.given !== SYSTEM) value.ca = readCertificates(root.what, root.given);
  const trust = root ? `${root.what} ${shownPem(root.given)}` : NO_CA;
  if (mode === 'require' && !root)
    return { value: { ...value, rejectUnauthorized: false }, trust, unverified: true };
  // The system's certificates vouch for everybody, so that the name is all that tells servers apart.
  if (mode === 'verify-full' || !root || root.given === SYSTEM) return { value, trust };
  return { value: { ...value, checkServerIdentity: anyName }, trust };
}
