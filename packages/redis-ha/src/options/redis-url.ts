import { parseEndpoint, wrongSetting, type Endpoint } from '@steadfast/shared';
import { readQuery, type UrlQuery } from './url-query.ts';

/** What a Redis URL says. */
export interface RedisUrl {
  readonly endpoint: Endpoint;
  readonly portGiven: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number | undefined;
  readonly tls: boolean;
  /** options by their names; what stands before the query wins */
  readonly query: UrlQuery;
}

const ALLOWED =
  'redis://[user[:password]@]host[:port][/db][?option=value…] (or valkey://), and rediss:// (or valkeys://) for TLS';

/**
 * @param what the setting's name, for the error
 * @throws HaError HA_CONFIG; the URL itself is not shown, since it may hold a password
 */
export function parseRedisUrl(what: string, text: string): RedisUrl {
  const wrong = (why: string): Error => wrongSetting(what, `(hidden: ${why})`, ALLOWED);
  if (!/^(redis|valkey)s?:\/\//i.test(text))
    throw wrong('it does not begin with redis://, rediss://, valkey:// or valkeys://');
  if (!URL.canParse(text)) throw wrong('it is no URL');
  const url = new URL(text);
  const endpoint = parseEndpoint(`${url.hostname || 'localhost'}:${url.port || '6379'}`, 6379);
  if (!endpoint) throw wrong('host and port cannot be read');
  const part = (given: string): string | undefined => {
    try {
      return given === '' ? undefined : decodeURIComponent(given);
    } catch {
      throw wrong('a % in user or password escapes nothing; written %25 it is one');
    }
  };
  const path = url.pathname.replace(/^\//, '');
  if (!/^\d{0,5}$/.test(path)) throw wrong('the database after the slash is no number');
  return {
    endpoint,
    portGiven: url.port !== '',
    username: part(url.username),
    password: part(url.password),
    db: path === '' ? undefined : Number(path),
    tls: overTls(url),
    query: queryOf(url),
  };
}

function overTls({ protocol }: URL): boolean {
  return protocol === 'rediss:' || protocol === 'valkeys:';
}

/** Without what the URL has said already. */
function queryOf(url: URL): UrlQuery {
  const said = new Set<string>();
  if (url.username || url.password) said.add('username').add('password');
  if (url.hostname) said.add('host');
  if (url.port) said.add('port');
  if (url.pathname.length > 1) said.add('db');
  // TLS is not turned off behind the scheme's back.
  if (overTls(url)) said.add('tls');
  return Object.fromEntries(Object.entries(readQuery(url.searchParams)).filter(([name]) => !said.has(name)));
}
