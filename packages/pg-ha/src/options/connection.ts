import { parseEndpoint, wrongSetting, type Endpoint, type Environment } from '@steadfast/shared';
import type { PoolConfig } from 'pg';
import { resolveSsl, type SslSetting } from './ssl.ts';

/** Who we are and what we want, independent of which member is dialled. */
export interface ConnectionSettings {
  readonly endpoint: Endpoint;
  readonly user: string | undefined;
  readonly password: PoolConfig['password'];
  readonly database: string | undefined;
  readonly applicationName: string | undefined;
  readonly ssl: SslSetting;
}

/** Where a value came from, so that an error can name it. */
interface Source {
  name: string;
  host?: string | undefined;
  port?: string | undefined;
  user?: string | undefined;
  password?: string | undefined;
  database?: string | undefined;
  params: URLSearchParams;
}

/**
 * Options first, then DATABASE_URL, then the POSTGRES_* names of a Chatwoot deployment, then PG* as libpq reads them.
 * @throws HaError HA_CONFIG naming the variable
 */
export function readConnection(options: PoolConfig, env: Environment): ConnectionSettings {
  const source = readSource(options, env);
  const port = String(options.port ?? source.port ?? 5432);
  const host = options.host ?? source.host ?? 'localhost';
  const endpoint = host.startsWith('/')
    ? { host, port: Number(port) }
    : parseEndpoint(`${bracket(host)}:${port}`, 5432);
  if (!endpoint)
    throw wrongSetting(
      `${source.name} host and port`,
      `${host}:${port}`,
      'one host name or address, and a port from 1 to 65535',
    );
  return {
    endpoint,
    user: options.user ?? source.user,
    password: options.password ?? source.password,
    database: options.database ?? source.database,
    applicationName: options.application_name ?? source.params.get('application_name') ?? env['PGAPPNAME'],
    ssl: resolveSsl(options.ssl, source.name, source.params, env),
  };
}

function readSource(options: PoolConfig, env: Environment): Source {
  if (options.connectionString) return fromUrl('option connectionString', options.connectionString);
  if (env['DATABASE_URL']) return fromUrl('DATABASE_URL', env['DATABASE_URL']);
  const rails = env['POSTGRES_HOST'] || env['POSTGRES_USERNAME'] || env['POSTGRES_DATABASE'];
  const [name, names] = rails ? (['POSTGRES_', RAILS_NAMES] as const) : (['PG', LIBPQ_NAMES] as const);
  return {
    name,
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

function fromUrl(name: string, given: string): Source {
  const allowed = 'postgres://user:password@host:5432/database?sslmode=…';
  // The URL may hold a password: only its shape is ever shown.
  if (!/^postgres(ql)?:\/\//.test(given) || !URL.canParse(given))
    throw wrongSetting(name, redactUrl(given), allowed);
  const url = new URL(given);
  const part = (text: string): string | undefined => (text === '' ? undefined : decodeURIComponent(text));
  return {
    name,
    host: url.searchParams.get('host') ?? part(url.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: part(url.port),
    user: part(url.username),
    password: part(url.password),
    database: part(url.pathname.slice(1)),
    params: url.searchParams,
  };
}

/** A URL without its password. */
function redactUrl(text: string): string {
  return text.replace(/:[^:@/]*@/, ':***@');
}

function set(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

function bracket(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
