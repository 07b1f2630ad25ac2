import type { LookupFunction } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import {
  HaError,
  integer,
  nameLookup,
  parseEndpoint,
  readEnvironment,
  readLogger,
  readOptions,
  refuseMisspelt,
  socketLookup,
  systemClock,
  systemRandom,
  wrongSetting,
  type Clock,
  type createLogger,
  type Endpoint,
  type Environment,
  type NameLookup,
  type MeterLike,
  type MeterProviderLike,
  type Random,
} from '@steadfast/shared';
import type { NatMap, RedisOptions } from 'ioredis';
import type { Credentials } from '../wire/identify.ts';
import { readNatMap, type Translate } from './nat-map.ts';
import { OPTION_TABLE, type STRATEGIES, type HaOptions } from './option-table.ts';
import { readProvider } from './provider.ts';
import { parseRedisUrl, type RedisUrl } from './redis-url.ts';
import { CA, resolveTls } from './tls.ts';
import { inQueryOf, refuseWrongQuery, withQuery, type UrlQuery } from './url-query.ts';

/** The app's own pino logger. */
export type AppLogger = NonNullable<Parameters<typeof createLogger>[2]>;

type Own = Partial<
  Omit<
    HaOptions,
    | 'sentinels'
    | 'dnsServers'
    | 'allowedHosts'
    | 'username'
    | 'password'
    | 'sentinelUsername'
    | 'sentinelPassword'
    | 'name'
  >
>;
type Replaced =
  | 'Connector'
  | 'autoResendUnfulfilledCommands'
  | 'enableOfflineQueue'
  | 'sentinels'
  | 'name'
  | 'retryStrategy'
  | 'sentinelTLS'
  | 'sentinelUsername'
  | 'sentinelPassword';

/** What `new HaRedis()` takes: everything ioredis does, and our own, each also settable from the environment. */
export interface HaRedisOptions extends Omit<RedisOptions, Replaced>, Own {
  sentinels?: string | readonly (string | { host: string; port?: number })[];
  dnsServers?: string | readonly (string | { host: string; port?: number })[];
  allowedHosts?: string | readonly string[];
  name?: string;
  sentinelUsername?: string;
  sentinelPassword?: string;
  /** TLS to the sentinels (default: as to the data nodes) */
  sentinelTLS?: boolean | ConnectionOptions;
  /** the app's own pino logger */
  logger?: AppLogger;
  /** OpenTelemetry: the app's Meter or MeterProvider; without it nothing is measured */
  metrics?: MeterLike | MeterProviderLike | undefined;
  /** where what is not given is read from (default `process.env`) */
  env?: Environment;
  /** time and randomness, for tests */
  clock?: Clock;
  random?: Random;
}

/** All settings of one client, read once. */
export interface Settings {
  readonly ha: Readonly<HaOptions> & { readonly strategy: (typeof STRATEGIES)[number] };
  /** the data node of strategies `single` and `managed` */
  readonly endpoint: Endpoint;
  readonly sentinels: readonly Endpoint[];
  readonly data: {
    readonly credentials: Credentials;
    readonly tls: ConnectionOptions | undefined;
    readonly family: number | undefined;
  };
  /** how the name of strategy `managed` is found, anew for every dial */
  readonly find: NameLookup | undefined;
  readonly lookup: LookupFunction | undefined;
  readonly natMap: NatMap | undefined;
  /** where an address that the sentinels name is dialled */
  readonly translate: Translate;
  readonly idlePingMs: number;
  readonly sentinel: {
    readonly credentials: Credentials;
    readonly tls: ConnectionOptions | undefined;
    readonly family: number | undefined;
    /** whether those that the given ones know are asked too: ioredis's `updateSentinels` */
    readonly learns: boolean;
  };
  /** what is handed to ioredis */
  readonly driver: RedisOptions;
  readonly logger: AppLogger | undefined;
  readonly metrics: MeterLike | MeterProviderLike | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** @throws HaError HA_CONFIG naming the option or variable, its value and what is allowed */
export function readSettings(given: HaRedisOptions, env: Environment = readEnvironment(given.env)): Settings {
  refuseForeign(given);
  refuseOdd(given);
  refuseMisspelt(OPTION_TABLE, 'REDIS_HA_', env);
  const url = readUrl(given, env);
  const urlGiven = (given.url ?? undefined) !== undefined;
  // A URL that is given is an option, and wins over variables as all of them do; REDIS_URL is the last to be asked.
  const options = url ? withQuery(given, url.query, urlGiven ? {} : env) : given;
  const read = readOptions<HaOptions>(OPTION_TABLE, withoutNulls(options), env);
  const sentinels = read.sentinels ?? [];
  const strategy = read.strategy ?? (sentinels.length > 0 ? 'sentinel' : 'single');
  refuseNowhere(strategy, options, { ...read, url });
  if (strategy === 'sentinel') refuseLedAway(given, options);
  const ha = Object.freeze({ ...read, strategy });
  const tls = options.tls ?? url?.tls ?? false;
  const dataTls = tls === false ? undefined : resolveTls('tls', tls, ha);
  const tlsToSentinels = sentinelTls(options, dataTls, ha);
  refuseUnusedCa(ha, dataTls ?? tlsToSentinels);
  const portGiven = options.port !== undefined || url?.portGiven === true;
  const provider = readProvider(ha.provider, { strategy, portGiven, tls: dataTls !== undefined });
  const clock = options.clock ?? systemClock;
  const find = strategy === 'managed' ? nameLookup(ha.dnsServers, clock) : undefined;
  const natMap = options.natMap ?? undefined;
  const credentials = dataCredentials(ha, options, url, urlGiven);
  return {
    ha,
    endpoint: readEndpoint(options, url),
    sentinels,
    data: {
      credentials,
      tls: dataTls,
      family: options.family,
    },
    find,
    lookup: find && socketLookup(find),
    natMap,
    translate: readNatMap(natMap),
    idlePingMs: ha.idlePingMs ?? provider?.idlePingMs ?? 0,
    sentinel: {
      credentials: sentinelCredentials(ha, credentials, options, env),
      tls: tlsToSentinels,
      family: options.family,
      learns: options.updateSentinels ?? true,
    },
    driver: driverOptions(options, ha, url, { ...credentials, tls: dataTls }),
    logger: readLogger(options.logger),
    metrics: options.metrics,
    clock,
    random: options.random ?? systemRandom,
  };
}

/** ioredis says null where it means: not set. */
function withoutNulls(options: HaRedisOptions): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));
}

function readUrl(options: HaRedisOptions, env: Environment): RedisUrl | undefined {
  const read = readOptions<Pick<HaOptions, 'url'>>({ url: OPTION_TABLE.url }, withoutNulls(options), env);
  if (read.url === undefined) return undefined;
  const what = (options.url ?? undefined) === undefined ? 'REDIS_URL' : 'option url';
  const url = parseRedisUrl(what, read.url);
  refuseWrongQuery(what, url.query);
  refuseForeign(url.query, inQueryOf(what));
  refuseOdd(url.query, inQueryOf(what));
  return url;
}

/** A strategy whose servers nobody has named would quietly follow this machine. */
function refuseNowhere(
  strategy: Settings['ha']['strategy'],
  { host }: HaRedisOptions,
  { sentinels, url }: { sentinels: HaOptions['sentinels']; url: RedisUrl | undefined },
): void {
  if (strategy === 'sentinel' && !sentinels?.length)
    throw wrongSetting(
      'REDIS_SENTINELS (option sentinels)',
      'not set',
      'host:port[,host:port…], needed by strategy sentinel',
    );
  if (strategy === 'managed' && !url && !host)
    throw wrongSetting(
      'REDIS_URL (option url)',
      'not set',
      "the provider's endpoint, redis[s]://[user[:password]@]host[:port], or the option host; needed by strategy managed",
    );
}

/** A program that names one server means that one, and sentinels that only the environment names would lead it elsewhere. */
function refuseLedAway({ host, port, strategy }: HaRedisOptions, { sentinels }: HaRedisOptions): void {
  const named = [host, port].filter((one) => (one ?? undefined) !== undefined);
  if (named.length === 0 || (strategy ?? undefined) !== undefined || (sentinels ?? undefined) !== undefined)
    return;
  const allowed =
    "beside REDIS_SENTINELS with strategy: 'single', to use that server itself, or 'sentinel', to follow the sentinels' master";
  throw wrongSetting('options host and port', named.join(':'), allowed);
}

/** Whoever names whom to trust wants TLS, and would talk in clear. */
function refuseUnusedCa({ ca }: HaOptions, tls: ConnectionOptions | undefined): void {
  if (ca === undefined || tls) return;
  const allowed = 'with rediss:// or valkeys:// in REDIS_URL, or the option tls; without TLS it is not used';
  throw wrongSetting(CA, '(hidden)', allowed);
}

/** What would quietly do nothing, or undo what this client is for, is refused. */
function refuseForeign(options: object, named = asOption): void {
  const reasons: Record<string, string> = {
    Connector: 'this client brings its own',
    retryStrategy: 'reconnecting is paced by this client; failoverWaitMs says how long commands wait',
    path: 'unix sockets are not supported; give host and port',
  };
  for (const [name, why] of Object.entries(reasons)) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined && value !== null)
      throw new HaError('HA_CONFIG', `${named(name)} cannot be used: ${why}`, { outcome: 'notSent' });
  }
}

const DB = integer(0, 99_999);

/** ioredis's own options that this client reads itself. */
function refuseOdd(options: HaRedisOptions | UrlQuery, named = asOption): void {
  const given = (name: keyof HaRedisOptions): unknown => (options as HaRedisOptions)[name] ?? undefined;
  for (const name of ['host', 'keyPrefix'] as const) {
    const value = given(name);
    if (value !== undefined && typeof value !== 'string') throw wrongSetting(named(name), value, 'a text');
  }
  const port = given('port');
  if (port !== undefined && typeof port !== 'number' && typeof port !== 'string')
    throw wrongSetting(named('port'), typeof port, 'a whole number from 1 to 65535');
  const db = given('db');
  if (db !== undefined && DB.read(db) === undefined) throw wrongSetting(named('db'), db, DB.allowed);
  for (const name of ['tls', 'sentinelTLS'] as const) {
    const value = given(name);
    if (value !== undefined && typeof value !== 'boolean' && typeof value !== 'object')
      throw wrongSetting(named(name), '(hidden)', 'true, false or an object of TLS options');
  }
}

function asOption(name: string): string {
  return `option ${name}`;
}

function readEndpoint(options: HaRedisOptions, url: RedisUrl | undefined): Endpoint {
  const host = options.host ?? url?.endpoint.host ?? '127.0.0.1';
  const port = options.port ?? url?.endpoint.port ?? 6379;
  const endpoint = parseEndpoint(`${host.includes(':') ? `[${host}]` : host}:${port}`, 6379);
  if (!endpoint)
    throw wrongSetting(
      'options host and port',
      `${host}:${port}`,
      'a host name or address, and a port from 1 to 65535',
    );
  return endpoint;
}

/** The password of a URL that is given belongs to its user, or to none; what it does not say, variables may. */
function dataCredentials(
  ha: HaOptions,
  options: HaRedisOptions,
  url: RedisUrl | undefined,
  urlGiven: boolean,
): Credentials {
  const setting = 'REDIS_URL, REDIS_USERNAME and REDIS_PASSWORD';
  const given = urlGiven ? url : undefined;
  const username = options.username ?? given?.username;
  if (given?.password !== undefined)
    return { username, password: options.password ?? given.password, setting };
  return {
    username: username ?? ha.username ?? url?.username,
    password: ha.password ?? url?.password,
    setting,
  };
}

/** An empty REDIS_SENTINEL_PASSWORD is a value: none. Where it is not set at all, the data nodes' password is tried. */
function sentinelCredentials(
  ha: HaOptions,
  data: Credentials,
  options: HaRedisOptions,
  env: Environment,
): Credentials {
  const given = options.sentinelPassword !== undefined || env['REDIS_SENTINEL_PASSWORD'] !== undefined;
  return {
    username: ha.sentinelUsername,
    password: given ? (ha.sentinelPassword ?? '') : data.password,
    setting: 'REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD',
  };
}

function sentinelTls(
  options: HaRedisOptions,
  dataTls: ConnectionOptions | undefined,
  ha: HaOptions,
): ConnectionOptions | undefined {
  const given = options.sentinelTLS ?? undefined;
  if (given === undefined) return dataTls;
  return given === false ? undefined : resolveTls('sentinelTLS', given, ha);
}

/** ioredis's part. What is less safe there by default is off; the reasons stand in the README. */
function driverOptions(
  options: HaRedisOptions,
  ha: HaOptions,
  url: RedisUrl | undefined,
  { username, password, tls }: Omit<Credentials, 'setting'> & { readonly tls: ConnectionOptions | undefined },
): RedisOptions {
  const own = new Set<string>([
    ...Object.keys(OPTION_TABLE),
    'sentinelTLS',
    'natMap',
    'logger',
    'metrics',
    'clock',
    'random',
    'env',
    'lazyConnect',
    'tls',
    'host',
    'port',
  ]);
  const passed = Object.fromEntries(
    Object.entries(options).filter(([name]) => !own.has(name)),
  ) as RedisOptions;
  return {
    ...passed,
    ...(ha.strategy !== 'sentinel' ? readEndpoint(options, url) : {}),
    db: options.db ?? url?.db ?? 0,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined || password === '' ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    // ioredis 5 leaves it at two hours, 6 has this by default: what it finds, the silence of blocking commands hides.
    keepAlive: options.keepAlive ?? 30_000,
    lazyConnect: true,
    maxRetriesPerRequest: null,
    autoResendUnfulfilledCommands: false,
    enableReadyCheck: false,
    enableOfflineQueue: true,
    connectTimeout: ha.dialTimeoutMs,
  };
}
