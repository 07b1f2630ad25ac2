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
  text,
  type Endpoint,
  type OptionRow,
  type OptionTable,
  type Setting,
} from '@steadfast/shared';
import { PROVIDER_NAMES, type ProviderName } from './provider.ts';

/** The strategies this version has. */
export const STRATEGIES = ['managed', 'sentinel', 'single'] as const;

const FOLLOW = ['announced', 'promoted'] as const;
/** `inline`: as ioredis does, in order with everything else; `dedicated`: nothing waits behind them. */
export const BLOCKING = ['inline', 'dedicated'] as const;

/** The options that are ours. ioredis's own pass through unread. Times are in milliseconds. */
export interface HaOptions {
  /** how the master is found (default `sentinel` where sentinels are given, else `single`) */
  strategy: (typeof STRATEGIES)[number] | undefined;
  /**
   * redis://user:password@host:port/db?option=value (or valkey://), rediss:// (or valkeys://) for TLS; everything but host
   * and port also counts under `sentinel`
   */
  url: string | undefined;
  /** whose endpoint it is, with strategy `managed`: sets what is documented of it (default: nobody's) */
  provider: ProviderName | undefined;
  /** name servers for strategy `managed`, host:port; where unset, the system's */
  dnsServers: readonly Endpoint[] | undefined;
  /** pause between two looks at the name of strategy `managed`, 100 ms to 1 h (default 1 s) */
  dnsWatchMs: number;
  /** the sentinels, port 26379 where none is given; one that answers is enough, the others are learnt */
  sentinels: readonly Endpoint[] | undefined;
  /** the name under which the sentinels watch the master (default `mymaster`) */
  name: string;
  /** the hosts that the sentinels may lead us to; others are never dialled (default: any) */
  allowedHosts: readonly string[] | undefined;
  /** the data nodes' ACL user; as an option it wins over any URL's, as a variable over that of REDIS_URL */
  username: string | undefined;
  /** the data nodes' password; likewise */
  password: string | undefined;
  /** the sentinels' ACL user, where they have one */
  sentinelUsername: string | undefined;
  /** the sentinels' password (default: the data nodes'; empty: none) */
  sentinelPassword: string | undefined;
  /** certificates of the CAs to trust under TLS: a PEM file or its text; several are fine (default: the system's) */
  ca: string | undefined;
  /** `none` turns the verification of certificates off (default `peer`) */
  verifyMode: 'none' | 'peer';
  /** how long a command waits for a primary, and is sent again where that is safe, 0 to 1 h (default 30 s) */
  failoverWaitMs: number;
  /** opening and verifying one connection, 50 ms to 1 h (default 2 s) */
  dialTimeoutMs: number;
  /** work in flight and not a byte for so long: the primary is looked at, 50 ms to 1 h (default 1 s) */
  silenceMs: number;
  /** a PING goes out when nothing has been sent for so long, 0 (never) to 1 h (default: by the provider, else never) */
  idlePingMs: number | undefined;
  /** background refresh while all is well, 100 ms to 1 h, jittered (default 5 s) */
  refreshMs: number;
  /** commands that may wait at once, 1 to 1,000,000 (default 10,000) */
  maxWaiting: number;
  /** what the arguments of waiting commands may hold together, estimated, 64 KiB to 64 GiB (default 64 MiB) */
  maxWaitingBytes: number;
  /** commands wait while they cannot be sent; without, they fail at once, as in ioredis (default true) */
  enableOfflineQueue: boolean;
  /** whatever was in flight when a connection ended is sent again, as ioredis does, also where that applies it twice (default false) */
  autoResendUnfulfilledCommands: boolean;
  /** commands of one turn of the event loop leave in one packet (default false) */
  autoPipelining: boolean;
  /** writes wait from the choice of a replica until the switch, so that a planned failover loses nothing (default true) */
  hold: boolean;
  /** the longest such hold, 100 ms to 60 s (default 5 s) */
  holdMaxMs: number;
  /** a failover is followed once Sentinel announces its end, or as soon as the promoted replica says that it is master */
  follow: (typeof FOLLOW)[number];
  /** a replica that `reader` uses has data at most so old, 100 ms to 1 h (default 1 s) */
  readerMaxLagMs: number;
  /** a command that has blocked for so long is ended and sent again, to see whether its link lives, 1 s to 1 h (default 30 s) */
  blockingCheckMs: number;
  /** whether commands that block (BLPOP, XREAD BLOCK …) go through this client's own connection or one each of the pool (default `inline`) */
  blocking: (typeof BLOCKING)[number];
  /** connections that `use` may have open at once, 1 to 1,000 (default 10) */
  useMax: number;
  /** an idle one of those is closed after so long, 1 s to 1 h (default 30 s) */
  useIdleMs: number;
  /** what sentinels say through the master that is followed fences it too; one more connection a group (default true) */
  helloFence: boolean;
  /** without a replica's confirmation for so long writes wait, 20 ms to 60 s; 0 is off (default 0) */
  replicaHeartbeatMs: number;
  /** after each change of master the event `survival` (default: with `follow: 'promoted'`); every write is counted then */
  survivalReport: boolean | undefined;
  /** level of the built-in logger (default `silent`); with the option `logger` the app's own decides */
  logLevel: (typeof LOG_LEVELS)[number];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const OPTION_TABLE: OptionTable<HaOptions> = {
  strategy: row<HaOptions['strategy'] & string>(choice(STRATEGIES), undefined, 'REDIS_HA_STRATEGY'),
  url: secret(text('redis://…, rediss://…, valkey://… or valkeys://…'), 'REDIS_URL'),
  provider: row<ProviderName>(choice(PROVIDER_NAMES), undefined, 'REDIS_HA_PROVIDER'),
  dnsServers: row(nameServers(), undefined, 'REDIS_HA_DNS_SERVERS'),
  dnsWatchMs: row(milliseconds(100, HOUR), 1_000, 'REDIS_HA_DNS_WATCH_MS'),
  sentinels: row(endpoints(26_379), undefined, 'REDIS_SENTINELS'),
  allowedHosts: row(hostRules(), undefined, 'REDIS_HA_ALLOWED_HOSTS'),
  name: row(text('the name of a master'), 'mymaster', 'REDIS_SENTINEL_MASTER_NAME'),
  username: row(text('an ACL user'), undefined, 'REDIS_USERNAME'),
  password: secret(anyText('a password'), 'REDIS_PASSWORD'),
  sentinelUsername: row(text('an ACL user'), undefined, 'REDIS_SENTINEL_USERNAME'),
  sentinelPassword: secret(anyText('a password, or nothing'), 'REDIS_SENTINEL_PASSWORD'),
  ca: secret(pemSetting('certificates'), 'REDIS_HA_CA', 'REDIS_HA_CA_FILE'),
  verifyMode: row(choice(['none', 'peer']), 'peer', 'REDIS_OPENSSL_VERIFY_MODE'),
  failoverWaitMs: row(milliseconds(0, HOUR), 30_000, 'REDIS_HA_FAILOVER_WAIT_MS'),
  dialTimeoutMs: row(milliseconds(50, HOUR), 2_000, 'REDIS_HA_DIAL_TIMEOUT_MS'),
  silenceMs: row(milliseconds(50, HOUR), 1_000, 'REDIS_HA_SILENCE_MS'),
  idlePingMs: row(milliseconds(0, HOUR), undefined, 'REDIS_HA_IDLE_PING_MS'),
  refreshMs: row(milliseconds(100, HOUR), 5_000, 'REDIS_HA_REFRESH_MS'),
  maxWaiting: row(integer(1, 1_000_000), 10_000, 'REDIS_HA_MAX_WAITING'),
  maxWaitingBytes: row(integer(65_536, 68_719_476_736), 67_108_864, 'REDIS_HA_MAX_WAITING_BYTES'),
  enableOfflineQueue: row(flag(), true, 'REDIS_HA_OFFLINE_QUEUE'),
  autoResendUnfulfilledCommands: row(flag(), false, 'REDIS_HA_AUTO_RESEND'),
  autoPipelining: row(flag(), false, 'REDIS_HA_AUTO_PIPELINING'),
  hold: row(flag(), true, 'REDIS_HA_HOLD'),
  holdMaxMs: row(milliseconds(100, MINUTE), 5_000, 'REDIS_HA_HOLD_MAX_MS'),
  follow: row<HaOptions['follow']>(choice(FOLLOW), 'announced', 'REDIS_HA_FOLLOW'),
  readerMaxLagMs: row(milliseconds(100, HOUR), 1_000, 'REDIS_HA_READER_MAX_LAG_MS'),
  blockingCheckMs: row(milliseconds(1_000, HOUR), 30_000, 'REDIS_HA_BLOCKING_CHECK_MS'),
  blocking: row(choice(BLOCKING), 'inline', 'REDIS_HA_BLOCKING'),
  useMax: row(integer(1, 1_000), 10, 'REDIS_HA_USE_MAX'),
  useIdleMs: row(milliseconds(1_000, HOUR), 30_000, 'REDIS_HA_USE_IDLE_MS'),
  helloFence: row(flag(), true, 'REDIS_HA_HELLO_FENCE'),
  replicaHeartbeatMs: row(offOr(milliseconds(20, MINUTE)), 0, 'REDIS_HA_REPLICA_HEARTBEAT_MS'),
  survivalReport: row(flag(), undefined, 'REDIS_HA_SURVIVAL_REPORT'),
  logLevel: row(choice(LOG_LEVELS), 'silent', 'REDIS_HA_LOG_LEVEL', 'STEADFAST_LOG_LEVEL'),
};

function row<T>(setting: Setting<T>, value: T | undefined, ...env: string[]): OptionRow<T> {
  return { setting, default: value, env };
}

function secret(setting: Setting<string>, ...env: string[]): OptionRow<string> {
  return { setting, default: undefined, env, secret: true };
}

/** Any text, also none. */
function anyText(allowed: string): Setting<string> {
  return { allowed, read: (raw) => (typeof raw === 'string' ? raw : undefined) };
}

/** 0 is off. */
function offOr(setting: Setting<number>): Setting<number> {
  return {
    allowed: `0 for off, or ${setting.allowed}`,
    read: (raw) => (raw === 0 || raw === '0' ? 0 : setting.read(raw)),
  };
}
