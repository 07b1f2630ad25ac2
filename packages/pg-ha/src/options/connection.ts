import { isIPv6 } from 'node:net';
import { parseEndpoint, wrongSetting, type Endpoint, type Environment } from '@steadfast/shared';
import type { PoolConfig } from 'pg';
import type { Provider } from './provider.ts';
import { resolveSsl, type SslSetting } from './ssl.ts';
import { SESSION_ATTRS, type SessionAttrs } from './session-attrs.ts';
import { LOAD_BALANCE, type SslMode } from './table.ts';

/** Who we are and what we want, independent of which member is dialled. */
export interface ConnectionSettings {
  /** where the settings point: one address, or several for the strategies that take a list */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  /** 'DATABASE_URL host and port', 'PGHOST and PGPORT' …: where that stands, for errors */
  readonly source: string;
  /** nobody named a host: what stands in `endpoints` is libpq's default */
  readonly unnamed: boolean;
  readonly user: string | undefined;
  readonly password: PoolConfig['password'];
  readonly database: string | undefined;
  readonly applicationName: string | undefined;
  readonly ssl: SslSetting;
  /** what the URL says about who may serve, in libpq's words */
  readonly session: SessionParams;
  /** what else the URL says to pg: `options`, `statement_timeout` … */
  readonly passed: Readonly<Record<string, string>>;
}

export interface SessionParams {
  readonly targetSessionAttrs?: SessionAttrs;
  readonly loadBalanceHosts?: (typeof LOAD_BALANCE)[number];
}

/** Where a value came from, so that an error can name it. Hosts and ports may be lists, as in libpq. */
interface Source {
  name: string;
  /** what to call its host and port */
  address: string;
  host?: string | undefined;
  port?: string | undefined;
  user?: string | undefined;
  password?: string | undefined;
  database?: string | undefined;
  params: URLSearchParams;
}

/** Parameters of a URL that are pg's own affair and reach it as they are; ones that nobody knows are ignored, as pg does. */
const PASSED: ReadonlySet<string> = new Set([
  'client_encoding',
  'fallback_application_name',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'options',
  'query_timeout',
  'replication',
  'sslnegotiation',
  'statement_timeout',
]);

const NEGOTIATIONS = ['postgres', 'direct'] as const;

/** pg's options that are texts and nothing else. */
const TEXTS = ['connectionString', 'host', 'user', 'database', 'application_name'] as const;

/** What is taken where nothing is said. */
export interface ConnectionDefaults {
  readonly defaultSslMode: SslMode;
  /** the option `ca`, or PG_HA_CA */
  readonly ca: string | undefined;
  readonly provider: Provider | undefined;
}

/**
 * Options first, then DATABASE_URL, then the POSTGRES_* names of a Chatwoot deployment, then PG* as libpq reads them.
 * @throws HaError HA_CONFIG naming the variable
 */
export function readConnection(
  options: PoolConfig & { ca?: string },
  env: Environment,
  { defaultSslMode, ca, provider }: ConnectionDefaults,
): ConnectionSettings {
  for (const name of TEXTS)
    if (options[name] !== undefined && options[name] !== null && typeof options[name] !== 'string')
      throw wrongSetting(`option ${name}`, '(hidden: no text)', 'a text');
  const { port: given } = options as { port?: unknown };
  if (!['undefined', 'number', 'string'].includes(typeof given) && given !== null)
    throw wrongSetting('option port', typeof given, 'a whole number from 1 to 65535');
  const source = readSource(options, env);
  const { params, name } = source;
  const host = options.host ?? source.host ?? set(env, LIBPQ_NAMES.host);
  const port = options.port ?? source.port ?? set(env, LIBPQ_NAMES.port);
  const address = addressOf(options, source, env);
  const negotiation =
    word(name, params, 'sslnegotiation', NEGOTIATIONS) ??
    oneOf('PGSSLNEGOTIATION', set(env, 'PGSSLNEGOTIATION'), NEGOTIATIONS);
  return {
    endpoints: readEndpoints(address, host ?? 'localhost', String(port ?? ''), provider?.port ?? 5432),
    source: address,
    unnamed: host === undefined,
    user: options.user ?? source.user,
    password: options.password ?? source.password,
    database: options.database ?? source.database,
    applicationName: options.application_name ?? params.get('application_name') ?? env['PGAPPNAME'],
    ssl: resolveSsl({
      option: options.ssl,
      ca: ca === undefined ? undefined : caSource(ca, options.ca !== undefined),
      name,
      params,
      negotiation: options.sslnegotiation ?? negotiation,
      env,
      defaultMode: defaultSslMode,
      needsCa: provider?.ca === 'own',
    }),
    session: readSession(name, params),
    passed: {
      ...Object.fromEntries([...params].filter(([param]) => PASSED.has(param))),
      ...(negotiation && { sslnegotiation: negotiation }),
    },
  };
}

/** Where host and port are to be corrected: libpq's variables stand in for what nothing else names. */
function addressOf(options: PoolConfig, { host, port, address }: Source, env: Environment): string {
  if ((options.host ?? options.port) != null) return 'options host and port';
  return (host ?? port) === undefined && set(env, LIBPQ_NAMES.host) ? addressIn(LIBPQ_NAMES) : address;
}

function addressIn({ host, port }: typeof LIBPQ_NAMES): string {
  return `${host} and ${port}`;
}

function readSession(name: string, params: URLSearchParams): SessionParams {
  const targetSessionAttrs = word(name, params, 'target_session_attrs', SESSION_ATTRS);
  const loadBalanceHosts = word(name, params, 'load_balance_hosts', LOAD_BALANCE);
  return { ...(targetSessionAttrs && { targetSessionAttrs }), ...(loadBalanceHosts && { loadBalanceHosts }) };
}

/** A parameter of the URL that is one of a few words. */
function word<T extends string>(
  name: string,
  params: URLSearchParams,
  param: string,
  words: readonly T[],
): T | undefined {
  return oneOf(`${param} (${name})`, params.get(param) ?? undefined, words);
}

function oneOf<T extends string>(
  what: string,
  given: string | undefined,
  words: readonly T[],
): T | undefined {
  const found = words.find((known) => known === given);
  if (given !== undefined && !found) throw wrongSetting(what, given, words.join(', '), words);
  return found;
}

function caSource(given: string, isOption: boolean): { what: string; given: string; isOption: boolean } {
  return { what: isOption ? 'option ca' : 'PG_HA_CA', given, isOption };
}

/** `h1,h2` with one port for all, a port each, or ports of their own (`h1:1,h2:2`). */
function readEndpoints(
  name: string,
  hosts: string,
  ports: string,
  defaultPort: number | 'own',
): ConnectionSettings['endpoints'] {
  const [hostList, portList] = [hosts.split(','), ports.split(',')];
  const wrong = (): Error => {
    const allowed = 'host[,host…] and one port from 1 to 65535 for all of them or one for each';
    const needed = defaultPort === 'own' ? '; this provider gives each service a port of its own' : '';
    return wrongSetting(name, `${shownHosts(hosts)}:${ports}`, allowed + needed);
  };
  if (portList.length !== 1 && portList.length !== hostList.length) throw wrong();
  const [first, ...rest] = hostList.map((host, index) => {
    const given = portList[portList.length === 1 ? 0 : index];
    const port = /^\d*$/.test(given ?? '') ? Number(given || defaultPort) : 0;
    const socket = host.startsWith('/') && !host.includes('\0') && port >= 1 && port <= 65_535;
    const whole = /^[^:]+:\d+$|\]/.test(host) ? host : `${bracket(host)}:${port}`;
    const endpoint = socket ? { host, port } : parseEndpoint(whole, port);
    if (!endpoint) throw wrong();
    return endpoint;
  });
  if (!first) throw wrong();
  return [first, ...rest];
}

/** Where user and password were written without the host behind them, the password stands in the place of a port. */
function shownHosts(hosts: string): string {
  return isIPv6(hosts) ? hosts : hosts.replaceAll(/:(?!\d*(?:,|$))[^,]*/g, ':***');
}

function readSource(options: PoolConfig, env: Environment): Source {
  if (options.connectionString) return fromUrl('option connectionString', options.connectionString);
  if (env['DATABASE_URL']) return fromUrl('DATABASE_URL', env['DATABASE_URL']);
  const rails = env['POSTGRES_HOST'] || env['POSTGRES_USERNAME'] || env['POSTGRES_DATABASE'];
  const names = rails ? RAILS_NAMES : LIBPQ_NAMES;
  return {
    name: rails ? 'POSTGRES_*' : 'PG*',
    address: addressIn(names),
    host: set(env, names.host),
    port: set(env, names.port),
    user: set(env, names.user),
    password: set(env, names.password),
    database: set(env, names.database),
    params: new URLSearchParams(),
  };
}

const RAILS_NAMES = {
  host: 'POSTGRES_HOST',
  port: 'POSTGRES_PORT',
  user: 'POSTGRES_USERNAME',
  password: 'POSTGRES_PASSWORD',
  database: 'POSTGRES_DATABASE',
};
const LIBPQ_NAMES = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  database: 'PGDATABASE',
};

const SCHEME = /^postgres(?:ql)?:\/\//;

/** A URL as libpq reads it: the host part may be a list, which WHATWG URLs do not know. */
function fromUrl(name: string, given: string): Source {
  const allowed = 'postgres://user:password@host:5432[,host2:5432…]/database?sslmode=…';
  const wrong = (): Error =>
    wrongSetting(name, shownUrl(given), `${allowed}, with % / ? # @ in user and password percent-encoded`);
  const scheme = SCHEME.exec(given)?.[0];
  if (scheme === undefined) throw wrong();
  const end = given.slice(scheme.length).search(/[/?#]|$/) + scheme.length;
  const at = given.lastIndexOf('@', end - 1) + 1 || scheme.length;
  const [head, hosts, tail] = [given.slice(0, at), given.slice(at, end), given.slice(end)];
  // An @ further on belongs to a password that nobody escaped, unless it stands in what follows a path.
  const [path = ''] = tail.split('?', 1);
  if (tail.includes('@') && (at === scheme.length || !path.startsWith('/') || path.includes('@')))
    throw wrong();
  if (!URL.canParse(`${head}h${tail}`)) throw wrong();
  const url = new URL(`${head}h${tail}`);
  const part = (text: string): string | undefined => {
    try {
      return text === '' ? undefined : decodeURIComponent(text);
    } catch {
      throw wrong(); // a % that escapes nothing
    }
  };
  const { searchParams: params, username, password, pathname } = url;
  const [names, ports] = splitSockets(hosts);
  // As to libpq, and but for the database to pg, what stands behind the ? wins.
  return {
    name,
    address: `${name} host and port`,
    host: params.get('host') ?? part(names),
    port: params.get('port') ?? ports,
    user: params.get('user') || part(username),
    password: params.get('password') || part(password),
    database: params.get('dbname') || part(pathname.slice(1)),
    params,
  };
}

/** Behind the directory of a socket stands a port, which a path would swallow; other hosts keep theirs. */
function splitSockets(hosts: string): [hosts: string, ports: string | undefined] {
  const each = hosts.split(',').map((host) => /^(%2F[^:]*):(\d+)$/i.exec(host) ?? [host, host, '']);
  const ports = each.map(([, , port]) => port).join(',');
  return [each.map(([, host]) => host).join(','), /\d/.test(ports) ? ports : undefined];
}

/**
 * What is wrong may hold a password anywhere: nothing before the last @ is shown, nor what follows a ?, nor what only resembles
 * a URL.
 */
function shownUrl(given: string): string {
  if (/\?[^]*@/.test(given)) return `${/^[\w+.-]*:\/\//.exec(given)?.[0] ?? ''}(hidden)`;
  const [, scheme, rest] = /^([\w+.-]*:\/\/)(?:[^]*@)?([^@?]*)/.exec(given) ?? [];
  return scheme === undefined ? '(hidden)' : `${scheme}${given.includes('@') ? '***@' : ''}${rest}`;
}

function set(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

function bracket(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
