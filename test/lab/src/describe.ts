import {
  APP_DATABASE,
  APP_USER,
  BALANCER,
  managedHostname,
  MANAGED_USER,
  MASTER_NAME,
  paths,
  REDIS_ADMIN,
  SENTINEL_USER,
  SUPERUSER,
  type Blueprint,
} from './blueprint.ts';
import { patroniUrl } from './servers/patroni.ts';
import { REDIS_APP_USER } from './servers/redis.ts';
import type { LabDescription, PostgresDescription, RedisDescription } from './types.ts';

/** What users of a lab may know of it. */
export function describeLab(blueprint: Blueprint): LabDescription {
  const { id, dir, network, hosts, settings } = blueprint;
  return {
    id,
    dir,
    logDir: paths.logs(dir),
    network,
    hosts: hosts.map(({ name, ip, etcdIp, redisIp }) => ({ name, ip, etcdIp, redisIp })),
    ...(settings.postgres && { postgres: describePostgres(blueprint) }),
    ...(settings.redis && { redis: describeRedis(blueprint) }),
  };
}

function dnsServer({ root, ports }: Blueprint): string {
  return `${root.data.manager}:${ports.dns}`;
}

function describePostgres(blueprint: Blueprint): PostgresDescription {
  const { ports, secrets, settings, balancerIp, dir, id } = blueprint;
  const { caFile, certFile, keyFile } = paths.certificate(dir, BALANCER);
  return {
    members: blueprint.hosts.map((host) => ({
      name: host.name,
      host: host.ip,
      port: ports.postgres,
      patroniUrl: patroniUrl(blueprint, host),
    })),
    database: APP_DATABASE,
    user: APP_USER,
    password: secrets.app,
    superuser: SUPERUSER,
    superuserPassword: secrets.superuser,
    tls: { caFile },
    ...(settings.haproxy && {
      haproxy: {
        host: balancerIp,
        primaryPort: ports.haproxyPrimary,
        replicaPort: ports.haproxyReplica,
        statsPort: ports.haproxyStats,
      },
    }),
    ...(settings.pgbouncer && { pgbouncer: { host: balancerIp, port: ports.pgbouncer } }),
    ...(settings.postgres && settings.postgres.restTls && { patroniTls: { caFile, certFile, keyFile } }),
    ...(settings.managed && {
      managed: {
        hostname: managedHostname(id, 'postgres'),
        port: ports.postgres,
        dnsServer: dnsServer(blueprint),
        user: MANAGED_USER,
        password: secrets.app,
      },
    }),
  };
}

function describeRedis(blueprint: Blueprint): RedisDescription {
  const { ports, secrets, settings, hosts, dir, id } = blueprint;
  return {
    masterName: MASTER_NAME,
    username: REDIS_APP_USER,
    password: secrets.redisApp,
    adminUsername: REDIS_ADMIN,
    adminPassword: secrets.redisAdmin,
    sentinelUsername: SENTINEL_USER,
    sentinelPassword: secrets.sentinel,
    members: hosts.map(({ name, redisIp }) => ({ name, host: redisIp, port: ports.redis })),
    sentinels: hosts.map(({ name, redisIp }) => ({ name, host: redisIp, port: ports.sentinel })),
    ...(settings.managed && {
      managed: {
        hostname: managedHostname(id, 'redis'),
        port: ports.redisTls,
        dnsServer: dnsServer(blueprint),
        caFile: paths.certificate(dir, BALANCER).caFile,
      },
    }),
  };
}
