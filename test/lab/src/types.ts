/** What the lab shows to its users: options, description, faults, proxies and observers. */

export interface PostgresOptions {
  /** Patroni's leader lease, s; default 20, at least 20. */
  ttl?: number;
  /** Patroni's loop, s; default 5, at least 1. */
  loopWait?: number;
  /** Patroni's retry timeout, s; default 5, at least 3; loopWait + 2 × retryTimeout ≤ ttl. */
  retryTimeout?: number;
  /** One synchronous standby, chosen by Patroni; default true. */
  synchronousMode?: boolean;
  /** Default false: the lab's machine is not expected to lose power. */
  fsync?: boolean;
  /** Default 100, at least 20. */
  maxConnections?: number;
  /** Patroni's REST API by https with client certificates required; default false. */
  restTls?: boolean;
}

/** HAProxy's checks; default 1000/500/500/2/1. */
export interface HaproxyOptions {
  interMs?: number;
  fastinterMs?: number;
  downinterMs?: number;
  fall?: number;
  rise?: number;
}

/** The managed-provider stand-in: one hostname, TLS, a short TTL. */
export interface ManagedOptions {
  /** How long after promotion the hostname is flipped; default 1000. */
  flipDelayMs?: number;
  /** Default 1. */
  ttlS?: number;
}

export interface RedisOptions {
  /** Sentinel's down-after-milliseconds; default 1000. */
  downAfterMs?: number;
  /** Sentinel's failover-timeout; default 10000. */
  failoverTimeoutMs?: number;
  /** min-replicas-to-write; default 0. */
  minReplicasToWrite?: number;
}

export interface LabOptions {
  /** Name: 1 to 12 of a-z, 0-9 and '-', beginning with a letter; default: a free one like 'lab1'. */
  id?: string;
  /** Default auto: namespaces where the right to make them exists. */
  network?: 'auto' | 'namespaces' | 'loopback';
  postgres?: false | PostgresOptions;
  haproxy?: false | HaproxyOptions;
  /** PgBouncer in transaction mode; default true where there is PostgreSQL. */
  pgbouncer?: boolean;
  managed?: false | ManagedOptions;
  redis?: false | RedisOptions;
  onProgress?: (line: string) => void;
}

export interface HostDescription {
  /** h1, h2, h3. */
  name: string;
  /** Where PostgreSQL and Patroni listen. */
  ip: string;
  /** Where etcd listens, on a network of its own, so that it can be cut off alone. */
  etcdIp: string;
  /** Where Redis and Sentinel listen, on a network of their own, so that they can be cut off alone. */
  redisIp: string;
}

export interface PostgresDescription {
  members: { name: string; host: string; port: number; patroniUrl: string }[];
  /** The app's database, user and password. */
  database: string;
  user: string;
  password: string;
  superuser: string;
  superuserPassword: string;
  haproxy?: { host: string; primaryPort: number; replicaPort: number; statsPort: number };
  pgbouncer?: { host: string; port: number };
  tls: { caFile: string };
  patroniTls?: { caFile: string; certFile: string; keyFile: string };
  /** Its user has the app's rights, but may log in over TLS alone. */
  managed?: {
    hostname: string;
    port: number;
    dnsServer: string /* ip:port */;
    user?: string;
    password?: string;
  };
}

export interface RedisDescription {
  masterName: string;
  /** The app's ACL user. */
  username: string;
  password: string;
  /** May do everything, CONFIG SET and DEBUG too. */
  adminUsername?: string;
  adminPassword?: string;
  sentinelUsername?: string;
  sentinelPassword: string;
  members: { name: string; host: string; port: number }[];
  sentinels: { name: string; host: string; port: number }[];
  managed?: { hostname: string; port: number; dnsServer: string; caFile: string };
}

/** Plain JSON; also kept in the state folder so that the CLI and other processes can attach. */
export interface LabDescription {
  id: string;
  dir: string;
  logDir: string;
  network: 'namespaces' | 'loopback';
  hosts: HostDescription[];
  postgres?: PostgresDescription;
  redis?: RedisDescription;
}

export interface FaultEvent {
  /** monotonicMs. */
  at: number;
  what: string;
}

export interface Fault {
  name: FaultName;
  /** The host, server or link that it hit. */
  target: string;
  events: FaultEvent[];
  /** Where to connect instead, of a fault that is made on a link. */
  endpoint?: { host: string; port: number };
  /** Undoes the fault and resolves with what it did; a second call does nothing. */
  heal(): Promise<FaultEvent[]>;
}

export interface FaultArgs {
  /** A host name, 'primary' (PostgreSQL), 'master' (Redis) or 'replica'. */
  target?: string;
  [key: string]: unknown;
}

export type FaultName =
  | 'crash'
  | 'kill-postgres'
  | 'kill-patroni'
  | 'freeze'
  | 'freeze-postgres'
  | 'freeze-patroni'
  | 'disk-full'
  | 'twin-primary'
  | 'partition'
  | 'partition-clients'
  | 'partition-dcs'
  | 'switchover'
  | 'restart'
  | 'haproxy-restart'
  | 'haproxy-down'
  | 'haproxy-stale'
  | 'haproxy-both'
  | 'etcd-quorum-loss'
  | 'dns-flip'
  | 'dns-stale'
  | 'cert-expired'
  | 'too-many-connections'
  | 'redis-crash'
  | 'redis-freeze'
  | 'redis-partition'
  | 'sentinel-minority'
  | 'sentinel-majority-loss'
  | 'sentinel-failover'
  | 'other-group'
  | 'slow-link'
  | 'half-open';

/** Which strategy an app's environment is wanted for. */
export interface EnvChoice {
  postgres?: 'patroni' | 'haproxy' | 'single' | 'hosts' | 'managed';
  redis?: 'sentinel' | 'single' | 'managed';
}

export interface LabStatus {
  postgres?: {
    primary?: string;
    members: { name: string; role: string; state: string; timeline?: number }[];
  };
  redis?: { master?: string; members: { name: string; role: string; up: boolean }[]; sentinelsUp: number };
}

export interface LinkBehaviour {
  latencyMs?: number;
  jitterMs?: number;
  /** Bytes of this direction are accepted and not forwarded. */
  stall?: 'none' | 'up' | 'down' | 'both';
  /** Existing connections go silent, no FIN or RST; new ones connect and stay silent. */
  halfOpen?: boolean;
  refuse?: boolean;
  target?: { host: string; port: number };
  /** Forward so many more bytes of this direction, then cut. */
  truncateAfterBytes?: { up?: number; down?: number };
}

export interface LinkStats {
  connections: number;
  bytesUp: number;
  bytesDown: number;
  accepted: number;
}

export interface LinkProxy {
  endpoint: { host: string; port: number };
  /** Everything can change while connections are open; undefined fields keep their value. */
  set(behaviour: LinkBehaviour): Promise<void>;
  /** RST every open connection. */
  reset(): Promise<void>;
  /**
   * Cut exactly when a pattern passes upstream (e.g. 'COMMIT'): the bytes are forwarded, the answer is
   * dropped and the link cut.
   */
  cutAfter(pattern: string | Buffer, options?: { dropAnswer?: boolean; count?: number }): Promise<void>;
  stats(): Promise<LinkStats>;
  close(): Promise<void>;
}

/** Runs in its own process; dials members directly every 10 ms; never uses our clients. */
export interface Observers {
  /** All transitions seen since start, in order. */
  events(): Promise<ObserverEvent[]>;
  /** Resolves with the first event that matches after `since` (monotonicMs), rejects after timeoutMs. */
  waitFor(
    match: { kind: ObserverEvent['kind']; since: number; member?: string; notMember?: string },
    timeoutMs: number,
  ): Promise<ObserverEvent>;
  stop(): Promise<void>;
}

export type ObserverEvent =
  /** A real write succeeded on it. */
  | { kind: 'pg-writable'; at: number; member: string; timeline: number }
  | { kind: 'pg-not-writable'; at: number; member: string; lastWriteAt: number }
  /** Who answers through the primary port. */
  | { kind: 'haproxy-routes'; at: number; member: string }
  | { kind: 'haproxy-down'; at: number }
  | { kind: 'dns-says'; at: number; which: 'postgres' | 'redis'; member: string }
  /** ROLE says master and a SET succeeded. */
  | { kind: 'redis-writable'; at: number; member: string }
  | { kind: 'redis-not-writable'; at: number; member: string; lastWriteAt: number }
  /** A majority of sentinels names it. */
  | { kind: 'sentinel-names'; at: number; member: string; votes: number; configEpoch: number };
