import { paths, REDIS_ADMIN, type Blueprint, type Host } from '../blueprint.ts';
import type { Settings } from '../options.ts';
import type { ServerSpec } from '../process/server.ts';
import { hosted } from './hosted.ts';
import { writeConfig } from './write-config.ts';

export const REDIS_APP_USER = 'app';
const REPLICA_USER = 'replica';
export const REDIS_SENTINEL_USER = 'sentinel';

export function redisSpec(
  blueprint: Blueprint,
  host: Host,
  settings: Exclude<Settings['redis'], false>,
): ServerSpec {
  const spec = hosted(blueprint, host.name, { server: 'redis', command: 'redis-server', args: [] });
  const { ports, secrets, hosts } = blueprint;
  const { certFile, keyFile, caFile } = paths.certificate(blueprint.dir, host.name);
  const [first] = hosts;
  const file = writeConfig(blueprint, host.name, 'redis', 'redis.conf', [
    `bind ${host.redisIp}`,
    `port ${ports.redis}`,
    `tls-port ${ports.redisTls}`,
    `tls-cert-file ${certFile}`,
    `tls-key-file ${keyFile}`,
    `tls-ca-cert-file ${caFile}`,
    'tls-auth-clients no',
    'protected-mode no',
    `dir ${spec.cwd}`,
    // On loopback the others would see 127.0.0.1 as every member's address.
    `replica-announce-ip ${host.redisIp}`,
    ...(blueprint.network === 'loopback' ? [`bind-source-addr ${host.redisIp}`] : []),
    ...persistence,
    // Replicas attach at once and not after the 5 s in which others might join.
    'repl-diskless-sync-delay 0',
    `min-replicas-to-write ${settings.minReplicasToWrite}`,
    'min-replicas-max-lag 10',
    'enable-debug-command yes',
    ...accessControl(secrets),
    `masteruser ${REPLICA_USER}`,
    `masterauth ${secrets.redisReplica}`,
    ...(first && host.name !== first.name ? [`replicaof ${first.redisIp} ${ports.redis}`] : []),
  ]);
  return { ...spec, args: [file] };
}

/**
 * A master that comes back empty before Sentinel saw it go would wipe its replicas. The append-only file is written
 * before each answer, so that a killed process has all it acknowledged; only a machine without power could lose it.
 */
const persistence = ['appendonly yes', 'appendfsync everysec', 'save ""'];

function accessControl(secrets: Blueprint['secrets']): string[] {
  return [
    // Nobody can log in as it, but it must be allowed everything: Redis replays its append-only file as this user, and what it
    // may not do is dropped from every MULTI and every script that wrote more than once.
    'user default off ~* &* +@all',
    // What a managed provider gives: everything but administration, with the harmless parts of that.
    `user ${REDIS_APP_USER} on >${secrets.redisApp} ~* &* +@all -@admin +role +client|list +client|kill +client|unblock +config|get`,
    `user ${REDIS_ADMIN} on >${secrets.redisAdmin} ~* &* +@all`,
    `user ${REPLICA_USER} on >${secrets.redisReplica} +psync +replconf +ping`,
    `user ${REDIS_SENTINEL_USER} on >${secrets.redisSentinel} allchannels +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill`,
  ];
}
