import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Settings } from './options.ts';

export interface Host {
  /** h1, h2, h3. */
  name: string;
  /** PostgreSQL and Patroni. */
  ip: string;
  etcdIp: string;
  /** Redis and Sentinel. */
  redisIp: string;
}

/** The names of a lab's network; absent on loopback. */
export interface NetworkNames {
  /** Namespace that holds the bridges, so that no rule of the machine's own firewall sees their traffic. */
  switch: string;
  /** Namespace by host name, lb included. */
  hosts: Record<string, string>;
  /** Interface of the root namespace by plane. */
  roots: Record<Plane, string>;
}

/** Three separate networks, so that one can be cut and the others live. */
export type Plane = 'data' | 'etcd' | 'redis';
export const PLANES: readonly Plane[] = ['data', 'etcd', 'redis'];

export interface Secrets {
  superuser: string;
  replicator: string;
  app: string;
  rest: string;
  redisApp: string;
  redisAdmin: string;
  redisReplica: string;
  redisSentinel: string;
  sentinel: string;
}

/** Everything that is decided before the first process starts: addresses, ports, names, passwords, folders. */
export interface Blueprint {
  id: string;
  /** Number of the lab on this machine: its subnet and its interfaces carry it. */
  slot: number;
  /** Holds everything of the lab but its data. */
  dir: string;
  dataDir: string;
  network: 'namespaces' | 'loopback';
  names?: NetworkNames;
  /** Whose rights the servers run with; absent where the caller is not root. */
  credentials?: { uid: number; gid: number };
  settings: Settings;
  hosts: Host[];
  /** HAProxy and PgBouncer. */
  balancerIp: string;
  /** The root namespace's addresses by plane: clients dial from `client`, the lab itself from `manager`. */
  root: Record<Plane, { client: string; manager: string }>;
  ports: typeof STANDARD_PORTS;
  secrets: Secrets;
}

/** In namespaces every server has the port its manual names. */
export const STANDARD_PORTS = {
  postgres: 5432,
  patroni: 8008,
  etcd: 2379,
  etcdPeer: 2380,
  redis: 6379,
  redisTls: 6380,
  sentinel: 26379,
  otherRedis: 7379,
  haproxyPrimary: 5000,
  haproxyReplica: 5001,
  haproxyStats: 7000,
  pgbouncer: 6432,
  dns: 53,
};

/** On loopback a server of the machine may listen on 0.0.0.0: these are seldom taken. */
const LOOPBACK_PORTS: typeof STANDARD_PORTS = {
  postgres: 25432,
  patroni: 28008,
  etcd: 22379,
  etcdPeer: 22380,
  redis: 16379,
  redisTls: 16380,
  sentinel: 26380,
  otherRedis: 17379,
  haproxyPrimary: 25000,
  haproxyReplica: 25001,
  haproxyStats: 27000,
  pgbouncer: 26432,
  dns: 25353,
};

export const SUPERUSER = 'postgres';
export const APP_USER = 'app';
export const APP_DATABASE = 'app';
/** The app's rights, but TLS only: what a managed provider gives. */
export const MANAGED_USER = 'app_managed';
export const REST_USER = 'patroni';
export const MASTER_NAME = 'mymaster';
export const REDIS_ADMIN = 'admin';
export const SENTINEL_USER = 'watcher';
export const HOST_NAMES: readonly string[] = ['h1', 'h2', 'h3'];
export const BALANCER = 'lb';

/** First two numbers of every address; the third is the slot, the fourth says plane and host. */
const PREFIX = { namespaces: '10.77', loopback: '127.77' };
const PLANE_OFFSET: Record<Plane, number> = { data: 0, etcd: 64, redis: 128 };
export const PLANE_PREFIX_LENGTH = 26;

export function addressPrefix(network: Blueprint['network'], slot: number): string {
  return `${PREFIX[network]}.${slot}.`;
}

export interface Place {
  id: string;
  slot: number;
  dir: string;
  dataDir: string;
  network: Blueprint['network'];
  credentials?: { uid: number; gid: number };
}

export function drawBlueprint(place: Place, settings: Settings): Blueprint {
  const { id, slot, network } = place;
  const address = (plane: Plane, n: number): string =>
    `${addressPrefix(network, slot)}${PLANE_OFFSET[plane] + n}`;
  const root = (plane: Plane): { client: string; manager: string } => ({
    client: address(plane, 1),
    manager: address(plane, 2),
  });
  return {
    ...place,
    settings,
    ...(network === 'namespaces' && { names: networkNames(id, slot) }),
    hosts: HOST_NAMES.map((name, index) => ({
      name,
      ip: address('data', 11 + index),
      etcdIp: address('etcd', 11 + index),
      redisIp: address('redis', 11 + index),
    })),
    balancerIp: address('data', 20),
    root: { data: root('data'), etcd: root('etcd'), redis: root('redis') },
    ports: network === 'namespaces' ? STANDARD_PORTS : LOOPBACK_PORTS,
    secrets: newSecrets(),
  };
}

function networkNames(id: string, slot: number): NetworkNames {
  const hosts = [...HOST_NAMES, BALANCER].map((name) => [name, `sf-${id}-${name}`] as const);
  return {
    switch: `sf-${id}-switch`,
    hosts: Object.fromEntries(hosts),
    roots: { data: `sf${slot}data`, etcd: `sf${slot}etcd`, redis: `sf${slot}redis` },
  };
}

function newSecrets(): Secrets {
  const secret = (): string => randomBytes(12).toString('hex');
  return {
    superuser: secret(),
    replicator: secret(),
    app: secret(),
    rest: secret(),
    redisApp: secret(),
    redisAdmin: secret(),
    redisReplica: secret(),
    redisSentinel: secret(),
    sentinel: secret(),
  };
}

/** Folders and files of a lab, by what is in them. */
export const paths = {
  state: (dir: string): string => join(dir, 'state.json'),
  logs: (dir: string): string => join(dir, 'logs'),
  servers: (dir: string): string => join(dir, 'servers'),
  faults: (dir: string): string => join(dir, 'faults'),
  certificates: (dir: string): string => join(dir, 'tls'),
  supervisorSocket: (dir: string): string => join(dir, 'supervisor.sock'),
  log: (dir: string, host: string, server: string): string => join(dir, 'logs', host, `${server}.log`),
  certificate: (dir: string, name: string): { certFile: string; keyFile: string; caFile: string } => ({
    certFile: join(dir, 'tls', `${name}.crt`),
    keyFile: join(dir, 'tls', `${name}.key`),
    caFile: join(dir, 'tls', 'ca.crt'),
  }),
  data: (blueprint: { dataDir: string }, host: string, server: string): string =>
    join(blueprint.dataDir, host, server),
};

export function managedHostname(id: string, which: 'postgres' | 'redis'): string {
  return `${which === 'postgres' ? 'db' : 'cache'}.${id}.lab`;
}
