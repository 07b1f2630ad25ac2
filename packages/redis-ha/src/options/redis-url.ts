import { parseEndpoint, wrongSetting, type Endpoint } from '@steadfast/shared';

/** What a Redis URL says. Its query is left to ioredis's option names, which `options` take directly. */
export interface RedisUrl {
  readonly endpoint: Endpoint;
  readonly portGiven: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number | undefined;
  readonly tls: boolean;
}

const ALLOWED =
  'redis://[user[:password]@]host[:port][/db] (or valkey://), and rediss:// (or valkeys://) for TLS';

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
    tls: url.protocol === 'rediss:' || url.protocol === 'valkeys:',
  };
}
