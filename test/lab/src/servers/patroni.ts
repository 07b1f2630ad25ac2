import { dirname, join } from 'node:path';
import {
  APP_DATABASE,
  APP_USER,
  MANAGED_USER,
  paths,
  REST_USER,
  SUPERUSER,
  type Blueprint,
  type Host,
} from '../blueprint.ts';
import type { PostgresSettings } from '../options.ts';
import type { ServerSpec } from '../process/server.ts';
import { hosted } from './hosted.ts';
import { writeConfig } from './write-config.ts';

export const POSTGRES_BIN = '/usr/lib/postgresql/15/bin';
/** Where the cluster's keys are in etcd. */
export const PATRONI_NAMESPACE = '/steadfast/';
/** While the cluster forms Patroni looks every second; afterwards the loop is set to what was asked for. */
const LOOP_WAIT_AT_START_S = 1;

export function patroniUrl(blueprint: Blueprint, host: Host): string {
  const { settings, ports } = blueprint;
  const scheme = settings.postgres && settings.postgres.restTls ? 'https' : 'http';
  return `${scheme}://${host.ip}:${ports.patroni}`;
}

export function postgresDataDir(blueprint: Blueprint, host: string): string {
  return join(paths.data(blueprint, host, 'patroni'), 'pgdata');
}

export function patroniSpec(blueprint: Blueprint, host: Host, settings: PostgresSettings): ServerSpec {
  // What Patroni's own process prints is PostgreSQL's log: Patroni itself logs into patroni.log beside it.
  const spec = hosted(
    blueprint,
    host.name,
    { server: 'patroni', command: 'patroni', args: [], env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' } },
    'postgres',
  );
  const config = {
    scope: blueprint.id,
    namespace: PATRONI_NAMESPACE,
    name: host.name,
    log: { level: 'INFO', dir: dirname(spec.logFile) },
    ...restSections(blueprint, host, settings),
    // By etcd's v2 API, which compares before it sets: through v3, Patroni 3.0.2 renews the leader key without looking, and a
    // leader that comes back from a freeze takes it from its successor. https://github.com/patroni/patroni/pull/2689
    etcd: { hosts: inOrder(blueprint, host).map((each) => `${each.etcdIp}:${blueprint.ports.etcd}`) },
    bootstrap: bootstrapSection(blueprint, host, settings),
    postgresql: postgresqlSection(blueprint, host, spec.cwd),
    watchdog: { mode: 'off' },
  };
  // JSON is YAML too.
  const file = writeConfig(blueprint, host.name, 'patroni', 'patroni.yml', JSON.stringify(config, null, 2));
  return { ...spec, args: [file] };
}

/** A host asks its own etcd first. */
function inOrder(blueprint: Blueprint, host: Host): Host[] {
  return [host, ...blueprint.hosts.filter(({ name }) => name !== host.name)];
}

function restSections(blueprint: Blueprint, host: Host, { restTls }: PostgresSettings): object {
  const address = `${host.ip}:${blueprint.ports.patroni}`;
  const authentication = { username: REST_USER, password: blueprint.secrets.rest };
  const { certFile, keyFile, caFile } = paths.certificate(blueprint.dir, host.name);
  const tls = { certfile: certFile, keyfile: keyFile, cafile: caFile };
  return {
    restapi: {
      listen: address,
      connect_address: address,
      authentication,
      ...(restTls && { ...tls, verify_client: 'required' }),
    },
    ctl: { authentication, ...(restTls && { certfile: certFile, keyfile: keyFile, cacert: caFile }) },
  };
}

function bootstrapSection(blueprint: Blueprint, host: Host, settings: PostgresSettings): object {
  return {
    dcs: {
      ttl: settings.ttl,
      loop_wait: LOOP_WAIT_AT_START_S,
      retry_timeout: settings.retryTimeout,
      maximum_lag_on_failover: 1_048_576,
      synchronous_mode: settings.synchronousMode,
      postgresql: { use_pg_rewind: true, use_slots: true, parameters: sharedParameters(settings) },
    },
    initdb: [
      { encoding: 'UTF8' },
      { locale: 'C.UTF-8' },
      { 'auth-host': 'scram-sha-256' },
      { 'auth-local': 'scram-sha-256' },
      'no-sync',
    ],
    post_init: postInit(blueprint, host),
  };
}

function sharedParameters(settings: PostgresSettings): Record<string, string | number> {
  return {
    max_connections: settings.maxConnections,
    max_wal_senders: 10,
    max_replication_slots: 10,
    max_worker_processes: 8,
    hot_standby: 'on',
    // pg_rewind brings a failed primary back without a new copy.
    wal_log_hints: 'on',
    wal_keep_size: '64MB',
    max_slot_wal_keep_size: '512MB',
    min_wal_size: '32MB',
    max_wal_size: '256MB',
    fsync: settings.fsync ? 'on' : 'off',
    shared_buffers: '32MB',
    // Kept in the data folder: a killed server leaves nothing in /dev/shm.
    dynamic_shared_memory_type: 'mmap',
    password_encryption: 'scram-sha-256',
    log_line_prefix: '%m [%p] %q%u@%d ',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
}

function postgresqlSection(blueprint: Blueprint, host: Host, cwd: string): object {
  const address = `${host.ip}:${blueprint.ports.postgres}`;
  const { certFile, keyFile, caFile } = paths.certificate(blueprint.dir, host.name);
  const { secrets } = blueprint;
  return {
    listen: address,
    connect_address: address,
    data_dir: postgresDataDir(blueprint, host.name),
    bin_dir: POSTGRES_BIN,
    pgpass: join(cwd, 'pgpass'),
    use_unix_socket: true,
    authentication: {
      superuser: { username: SUPERUSER, password: secrets.superuser },
      replication: { username: 'replicator', password: secrets.replicator },
    },
    basebackup: [{ checkpoint: 'fast' }, 'no-sync'],
    parameters: {
      unix_socket_directories: cwd,
      ssl: 'on',
      ssl_cert_file: certFile,
      ssl_key_file: keyFile,
      ssl_ca_file: caFile,
    },
    pg_hba: [
      'local all all scram-sha-256',
      'local replication all scram-sha-256',
      // What stands for a managed provider's login accepts TLS alone.
      `hostnossl all ${MANAGED_USER} all reject`,
      'host replication replicator all scram-sha-256',
      'host all all all scram-sha-256',
    ],
  };
}

/** Patroni calls it once, on the member that initialised the cluster, with the superuser's connection string. */
function postInit(blueprint: Blueprint, host: Host): string {
  const { secrets } = blueprint;
  const sql = writeConfig(blueprint, host.name, 'patroni', 'init.sql', [
    `CREATE ROLE ${APP_USER} LOGIN PASSWORD '${secrets.app}';`,
    `CREATE ROLE ${MANAGED_USER} LOGIN PASSWORD '${secrets.app}' IN ROLE ${APP_USER};`,
    // What either login makes belongs to the same role.
    `ALTER ROLE ${MANAGED_USER} SET role = '${APP_USER}';`,
    `CREATE DATABASE ${APP_DATABASE} OWNER ${APP_USER};`,
  ]);
  return writeConfig(blueprint, host.name, 'patroni', 'post-init.sh', [
    // Patroni hands over the connection string as the only argument.
    `exec ${POSTGRES_BIN}/psql "$1" -X -q -v ON_ERROR_STOP=1 -f ${sql}`,
  ]).replace(/^/, '/bin/sh ');
}
