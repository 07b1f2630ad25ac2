import {
  choice,
  endpoints,
  flag,
  hostRules,
  integer,
  LOG_LEVELS,
  milliseconds,
  nameServers,
  pemSetting,
  urls,
  type Endpoint,
  type OptionRow,
  type OptionTable,
} from '@steadfast/shared';
import { PROVIDER_NAMES, type ProviderName } from './provider.ts';
import { SESSION_ATTRS, type SessionAttrs } from './session-attrs.ts';

/** The strategies this version has. */
export const STRATEGIES = ['haproxy', 'hosts', 'managed', 'patroni', 'single'] as const;

/** libpq's sslmode values that say plainly what is done; `allow` and `prefer` promise nothing and are refused. */
export const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** The options that are ours. pg-pool's and pg's own pass through unread. Times are in milliseconds. */
export interface HaOptions {
  /** how the primary is found (default `single`) */
  strategy: (typeof STRATEGIES)[number];
  /** Patroni's REST API on any of the members; needed by `patroni`, an early-warning hint for `haproxy` */
  patroniUrls: readonly URL[] | undefined;
  /** the addresses of strategies `haproxy` and `hosts`; where unset, those of DATABASE_URL */
  hosts: readonly Endpoint[] | undefined;
  /** name servers for strategy `managed`, host:port; where unset, the system's */
  dnsServers: readonly Endpoint[] | undefined;
  /** pause between two looks at the name of strategy `managed`, 100 ms to 1 h (default 1 s) */
  dnsWatchMs: number;
  /** whose endpoint it is, with strategy `managed`: sets what is documented of it, such as its ports (default: nobody's) */
  provider: ProviderName | undefined;
  /**
   * PgBouncer in transaction mode stands in between: no named statements, nothing that outlives a transaction (default: by
   * the provider's port, else false)
   */
  pooler: boolean | undefined;
  /** certificates of the CAs to trust: a PEM file or its text; several are fine. Turns TLS on, `verify-full` */
  ca: string | undefined;
  /** the hosts that Patroni may lead us to; others are never dialled (default: any) */
  allowedHosts: readonly string[] | undefined;
  /** PEM file (or its text) of the CA that signed the REST API's certificates */
  patroniCaFile: string | undefined;
  /** PEM file (or its text) of our certificate, where the REST API asks for one */
  patroniCertFile: string | undefined;
  /** PEM file (or its text) of the key to it */
  patroniKeyFile: string | undefined;
  /** how long a call waits for a primary and repeats what is safe to repeat, 100 ms to 1 h (default 30 s) */
  failoverWaitMs: number;
  /** opening and verifying one connection, 50 ms to 1 h (default 5 s) */
  dialTimeoutMs: number;
  /** work in flight and not a byte for so long: the primary is looked at, 50 ms to 1 h (default 1 s) */
  silenceMs: number;
  /** a connection idle for so long is asked for a sign of life before it is handed out, 0 (never) to 1 h (default 1 s) */
  idleCheckMs: number;
  /** background refresh while all is well, 100 ms to 1 h, jittered (default 5 s) */
  refreshMs: number;
  /** pause between two rounds in the first 30 s without a primary, 1 ms to 60 s, jittered (default 25 ms) */
  searchMinMs: number;
  /** longest pause after that (default 100 ms) */
  searchMaxMs: number;
  /** asking one member for its role, 50 ms to 60 s (default 1 s) */
  probeTimeoutMs: number;
  /** calls that may wait for a primary at once, 1 to 1,000,000 (default 10,000) */
  maxWaiting: number;
  /** connections dialled at once after the first to a new primary stands, 1 to 1,000 (default 2) */
  dialConcurrency: number;
  /** connections in the pool, 1 to 10,000 (default 10); pg-pool's `max` wins */
  poolMax: number;
  /** each connection lives up to so much shorter than pg-pool's `maxLifetimeSeconds`, 0 to 100 % (default 0) */
  maxLifetimeJitterPercent: number;
  /** the server ends a statement that runs longer, 0 to 24 h; pg's `statement_timeout` wins (default: the server's) */
  statementTimeoutMs: number | undefined;
  /** keep the connection after an SQL error in pool.query, where stock pg-pool closes it (default false) */
  keepConnectionOnSqlError: boolean;
  /** statements that are run again and again are prepared under names of ours (default `off`) */
  prepare: (typeof PREPARE)[number];
  /** such names on one connection at once, 1 to 10,000 (default 256) */
  prepareMax: number;
  /** where all connections are busy, statements share them, so many at once on each; 1 (off) to 1,000 (default 1); needs pg 8.23 */
  pipelineDepth: number;
  /** also measure each call: operation duration, time waited for and held connections (default false); needs `metrics` */
  callMetrics: boolean;
  /** who serves this pool; all but `primary` and `read-write` make it one for reads alone (default `primary`) */
  targetSessionAttrs: SessionAttrs | undefined;
  /** among several that may serve a read: the less loaded of two drawn at random, or the first listed (default `random`) */
  loadBalanceHosts: (typeof LOAD_BALANCE)[number];
  /** where standbys are reached under `haproxy` and `managed`: the balancer's port for replicas, the provider's name for them */
  readerHosts: readonly Endpoint[] | undefined;
  /** a read that finds no standby goes to the primary, or waits for one (default `primary`) */
  readerFallback: (typeof READER_FALLBACKS)[number];
  /** a standby further behind gets no reads, bytes of log, 0 to 1 TiB (default 16 MiB) */
  maxLagBytes: number;
  /** a standby whose data may be older gets no reads, 100 ms to 24 h (default: no bound) */
  maxLagMs: number | undefined;
  /** how often standbys are looked at while there are reads, 50 ms to 60 s, jittered (default 1 s) */
  readerRefreshMs: number;
  /** how long a read with a token waits for a standby before it goes to the primary, 0 to 1 h (default 200 ms) */
  tokenWaitMs: number;
  /** how often a connection that listens is asked for a sign of life, 100 ms to 1 h (default 5 s) */
  listenHeartbeatMs: number;
  /** level of the built-in logger (default `silent`); with the option `logger` the app's own decides */
  logLevel: (typeof LOG_LEVELS)[number];
}

export const LOAD_BALANCE = ['random', 'disable'] as const;
const PREPARE = ['off', 'auto'] as const;
const READER_FALLBACKS = ['primary', 'wait'] as const;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const OPTION_TABLE: OptionTable<HaOptions> = {
  strategy: row(choice(STRATEGIES), 'single', 'PG_HA_STRATEGY'),
  patroniUrls: row(urls(['http://', 'https://']), undefined, 'PG_HA_PATRONI_URLS'),
  hosts: row(endpoints(5432), undefined, 'PG_HA_HOSTS'),
  dnsServers: row(nameServers(), undefined, 'PG_HA_DNS_SERVERS'),
  dnsWatchMs: row(milliseconds(100, HOUR), 1_000, 'PG_HA_DNS_WATCH_MS'),
  provider: row(choice(PROVIDER_NAMES), undefined, 'PG_HA_PROVIDER'),
  pooler: row(flag(), undefined, 'PG_HA_POOLER'),
  ca: secret(pemSetting('certificates'), 'PG_HA_CA'),
  allowedHosts: row(hostRules(), undefined, 'PG_HA_ALLOWED_HOSTS'),
  patroniCaFile: secret(pemSetting('certificates'), 'PG_HA_PATRONI_CA_FILE'),
  patroniCertFile: secret(pemSetting('a certificate'), 'PG_HA_PATRONI_CERT_FILE'),
  patroniKeyFile: secret(pemSetting('a private key'), 'PG_HA_PATRONI_KEY_FILE'),
  failoverWaitMs: row(milliseconds(100, HOUR), 30_000, 'PG_HA_FAILOVER_WAIT_MS'),
  dialTimeoutMs: row(milliseconds(50, HOUR), 5_000, 'PG_HA_DIAL_TIMEOUT_MS'),
  silenceMs: row(milliseconds(50, HOUR), 1_000, 'PG_HA_SILENCE_MS'),
  idleCheckMs: row(milliseconds(0, HOUR), 1_000, 'PG_HA_IDLE_CHECK_MS'),
  refreshMs: row(milliseconds(100, HOUR), 5_000, 'PG_HA_REFRESH_MS'),
  searchMinMs: row(milliseconds(1, MINUTE), 25, 'PG_HA_SEARCH_MIN_MS'),
  searchMaxMs: row(milliseconds(1, MINUTE), 100, 'PG_HA_SEARCH_MAX_MS'),
  probeTimeoutMs: row(milliseconds(50, MINUTE), 1_000, 'PG_HA_PROBE_TIMEOUT_MS'),
  maxWaiting: row(integer(1, 1_000_000), 10_000, 'PG_HA_MAX_WAITING'),
  dialConcurrency: row(integer(1, 1_000), 2, 'PG_HA_DIAL_CONCURRENCY'),
  poolMax: row(integer(1, 10_000), 10, 'PG_HA_POOL_MAX', 'RAILS_MAX_THREADS'),
  maxLifetimeJitterPercent: row(integer(0, 100), 0, 'PG_HA_MAX_LIFETIME_JITTER_PERCENT'),
  statementTimeoutMs: row(milliseconds(0, 24 * HOUR), undefined, 'POSTGRES_STATEMENT_TIMEOUT'),
  keepConnectionOnSqlError: row(flag(), false, 'PG_HA_KEEP_CONNECTION_ON_SQL_ERROR'),
  prepare: row(choice(PREPARE), 'off', 'PG_HA_PREPARE'),
  prepareMax: row(integer(1, 10_000), 256, 'PG_HA_PREPARE_MAX'),
  pipelineDepth: row(integer(1, 1_000), 1, 'PG_HA_PIPELINE_DEPTH'),
  callMetrics: row(flag(), false, 'PG_HA_CALL_METRICS'),
  targetSessionAttrs: row(choice(SESSION_ATTRS), undefined, 'PGTARGETSESSIONATTRS'),
  loadBalanceHosts: row(choice(LOAD_BALANCE), 'random', 'PGLOADBALANCEHOSTS'),
  readerHosts: row(endpoints(5432), undefined, 'PG_HA_READER_HOSTS'),
  readerFallback: row(choice(READER_FALLBACKS), 'primary', 'PG_HA_READER_FALLBACK'),
  maxLagBytes: row(integer(0, 2 ** 40), 2 ** 24, 'PG_HA_MAX_LAG_BYTES'),
  maxLagMs: row(milliseconds(100, 24 * HOUR), undefined, 'PG_HA_MAX_LAG_MS'),
  readerRefreshMs: row(milliseconds(50, MINUTE), 1_000, 'PG_HA_READER_REFRESH_MS'),
  tokenWaitMs: row(milliseconds(0, HOUR), 200, 'PG_HA_TOKEN_WAIT_MS'),
  listenHeartbeatMs: row(milliseconds(100, HOUR), 5_000, 'PG_HA_LISTEN_HEARTBEAT_MS'),
  logLevel: row(choice(LOG_LEVELS), 'silent', 'PG_HA_LOG_LEVEL', 'STEADFAST_LOG_LEVEL'),
};

function secret<T>(setting: OptionRow<T>['setting'], ...env: string[]): OptionRow<T> {
  return { setting, default: undefined, env, secret: true };
}

function row<T>(setting: OptionRow<T>['setting'], fallback: T | undefined, ...env: string[]): OptionRow<T> {
  return { setting, default: fallback, env };
}
