import {
  readEnvironment,
  readLogger,
  readOptions,
  refuseMisspelt,
  wrongSetting,
  type Clock,
  type Endpoint,
  type Environment,
  type MeterLike,
  type MeterProviderLike,
  type Random,
} from '@steadfast/shared';
import type { PoolConfig } from 'pg';
import type { Logger } from 'pino';
import { readConnection, type ConnectionSettings } from './connection.ts';
import { forPooler, type PoolerSettings } from './pooler.ts';
import { readProvider, type Provider } from './provider.ts';
import { readTarget, type ReadTarget, type SessionAttrs } from './session-attrs.ts';
import { OPTION_TABLE, type HaOptions } from './table.ts';

/**
 * What `new HaPool()` takes: everything pg.Pool does, and our own, each also settable from the environment (a string is
 * read as a variable would be).
 */
export interface HaPoolOptions extends Omit<PoolConfig, 'Client'> {
  strategy?: HaOptions['strategy'];
  patroniUrls?: string | readonly (string | URL)[];
  hosts?: string | readonly (string | Endpoint)[];
  dnsServers?: string | readonly (string | Endpoint)[];
  dnsWatchMs?: number;
  provider?: HaOptions['provider'];
  pooler?: boolean;
  /** certificates of the CAs to trust: a PEM file or its text */
  ca?: string;
  allowedHosts?: string | readonly string[];
  patroniCaFile?: string;
  patroniCertFile?: string;
  patroniKeyFile?: string;
  failoverWaitMs?: number;
  dialTimeoutMs?: number;
  silenceMs?: number;
  idleCheckMs?: number;
  refreshMs?: number;
  searchMinMs?: number;
  searchMaxMs?: number;
  probeTimeoutMs?: number;
  maxWaiting?: number;
  dialConcurrency?: number;
  poolMax?: number;
  maxLifetimeJitterPercent?: number;
  statementTimeoutMs?: number;
  keepConnectionOnSqlError?: boolean;
  prepare?: HaOptions['prepare'];
  prepareMax?: number;
  pipelineDepth?: number;
  callMetrics?: boolean;
  targetSessionAttrs?: SessionAttrs;
  loadBalanceHosts?: HaOptions['loadBalanceHosts'];
  readerHosts?: string | readonly (string | Endpoint)[];
  readerFallback?: HaOptions['readerFallback'];
  maxLagBytes?: number;
  maxLagMs?: number;
  readerRefreshMs?: number;
  tokenWaitMs?: number;
  listenHeartbeatMs?: number;
  logLevel?: HaOptions['logLevel'];
  /** the app's own pino logger */
  logger?: Logger;
  /** OpenTelemetry: the app's Meter or MeterProvider; without it nothing is measured */
  metrics?: MeterLike | MeterProviderLike;
  /** where what is not given is read from (default `process.env`) */
  env?: Environment;
  /** time and randomness, for tests */
  clock?: Clock;
  random?: Random;
}

/** All settings of one pool, read once. */
export interface PoolSettings {
  readonly ha: HaOptions;
  /** who may serve a pool for reads alone; undefined: the primary, which may write too */
  readonly target: ReadTarget | undefined;
  readonly connection: ConnectionSettings;
  /** what is documented of the provider that was named */
  readonly provider: Provider | undefined;
  /** a pooler in transaction mode stands in between, and how its sessions are bounded */
  readonly pooler: PoolerSettings | undefined;
  /** what is handed to pg-pool and pg */
  readonly pool: PoolConfig;
}

/** @throws HaError HA_CONFIG */
export function readPoolOptions(options: HaPoolOptions): PoolSettings {
  refuseNoOptions(options);
  const env = readEnvironment(options.env);
  readLogger(options.logger);
  refuseMisspelt(OPTION_TABLE, 'PG_HA_', env);
  const read = readOptions(OPTION_TABLE, { ...options }, env);
  refuseHalfSet(read, options, env);
  const provider = readProvider(read.provider, read.strategy);
  // A provider's endpoint is reached over somebody else's network: verified unless said otherwise.
  const verified = read.strategy === 'managed' || read.ca !== undefined;
  const connection = readConnection(options, env, {
    defaultSslMode: verified ? 'verify-full' : 'disable',
    ca: read.ca,
    provider,
  });
  const own = new Set([
    ...Object.keys(OPTION_TABLE),
    'logger',
    'metrics',
    'env',
    'clock',
    'random',
    'connectionString',
  ]);
  // Options win over the URL, as everywhere, and the URL over libpq's variables.
  const { targetSessionAttrs = connection.session.targetSessionAttrs ?? read.targetSessionAttrs } = options;
  const { loadBalanceHosts = connection.session.loadBalanceHosts ?? read.loadBalanceHosts } = options;
  const ha = Object.freeze({ ...read, targetSessionAttrs, loadBalanceHosts });
  const target = readTarget(targetSessionAttrs ?? 'primary');
  const passed = Object.fromEntries(Object.entries(options).filter(([name]) => !own.has(name))) as PoolConfig;
  const pool = {
    ...connection.passed,
    ...passed,
    ...identity(connection),
    ...defaults(ha, connection, options),
  };
  const behind = ha.pooler ?? provider?.poolerPort === connection.endpoints[0].port;
  if (!behind) return { ha, target, connection, provider, pooler: undefined, pool };
  return { ha, target, connection, provider, ...forPooler(pool, env) };
}

/** A URL alone would be read as no options at all, and this machine be dialled. */
function refuseNoOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  const allowed = 'an object of options; a URL is the option connectionString, or DATABASE_URL';
  throw wrongSetting('the argument of HaPool', `(hidden: ${typeof options})`, allowed);
}

/** Servers of a cluster were named and the strategy forgotten: `single` would follow nobody, which shows in the first failover. */
function refuseHalfSet({ patroniUrls, hosts }: HaOptions, options: HaPoolOptions, env: Environment): void {
  if (options.strategy !== undefined || env['PG_HA_STRATEGY'] || !(patroniUrls ?? hosts)) return;
  const [set, words] = patroniUrls
    ? ['PG_HA_PATRONI_URLS (option patroniUrls)', 'patroni, haproxy']
    : ['PG_HA_HOSTS (option hosts)', 'haproxy, hosts'];
  const allowed = `${words}, or another one that is said; ${set} is set, and the default (single) does not use it`;
  throw wrongSetting('PG_HA_STRATEGY (option strategy)', 'not set', allowed);
}

function identity({
  endpoints,
  user,
  password,
  database,
  applicationName,
  ssl,
}: ConnectionSettings): PoolConfig {
  return {
    ...endpoints[0],
    ssl: ssl.value,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ...(applicationName === undefined ? {} : { application_name: applicationName }),
  };
}

function defaults(ha: HaOptions, { passed }: ConnectionSettings, options: HaPoolOptions): PoolConfig {
  const inUrl = options.statementTimeoutMs === undefined && passed['statement_timeout'] !== undefined;
  const statementTimeout = options.statement_timeout ?? (inUrl ? undefined : ha.statementTimeoutMs);
  const { poolSize } = options as { poolSize?: unknown }; // pg-pool's older name for it
  return {
    max: readMax('max', options.max) ?? readMax('poolSize', poolSize) ?? ha.poolMax,
    keepAlive: options.keepAlive ?? true,
    ...(statementTimeout === undefined ? {} : { statement_timeout: statementTimeout }),
  };
}

/** pg-pool takes anything: -1 leaves every query pending, and a word is no limit. */
function readMax(name: string, given: unknown): number | undefined {
  if (given === undefined || given === null) return undefined;
  const { setting } = OPTION_TABLE.poolMax;
  const max = setting.read(given);
  if (max === undefined) throw wrongSetting(`option ${name}`, given, setting.allowed);
  return max;
}

/** What works and is worth a word in the log, once a pool. */
export function settingWarnings({ ha, connection, pooler }: PoolSettings): readonly string[] {
  const warnings: string[] = [];
  if (connection.ssl.unverified === true)
    warnings.push(
      'sslmode=require encrypts but verifies nothing: anybody in between can read along; give PG_HA_CA and use verify-full',
    );
  if (pooler && ha.prepare === 'auto')
    warnings.push('behind a pooler no statement keeps a name: prepare (PG_HA_PREPARE) is off');
  if (pooler?.statementTimeoutMs !== undefined)
    warnings.push(
      'behind a pooler the statement timeout holds in pool.transaction alone; for all statements: ALTER ROLE … SET statement_timeout',
    );
  return warnings;
}
