import { MASTER_NAME, SENTINEL_USER, type Blueprint, type Host } from '../blueprint.ts';
import type { Settings } from '../options.ts';
import type { ServerSpec } from '../process/server.ts';
import { hosted } from './hosted.ts';
import { REDIS_SENTINEL_USER } from './redis.ts';
import { writeConfig } from './write-config.ts';

const QUORUM = 2;

/** What a client needs of Sentinel and nothing that changes it. */
const CLIENT_COMMANDS = [
  '-@all +auth +hello +ping +command +role +info',
  '+client|getname +client|id +client|setname',
  '+subscribe +psubscribe +unsubscribe +punsubscribe',
  '+sentinel|get-master-addr-by-name +sentinel|master +sentinel|masters +sentinel|replicas +sentinel|slaves',
  '+sentinel|sentinels +sentinel|myid +sentinel|ckquorum',
].join(' ');

export function sentinelSpec(
  blueprint: Blueprint,
  host: Host,
  settings: Exclude<Settings['redis'], false>,
): ServerSpec {
  const spec = hosted(blueprint, host.name, { server: 'sentinel', command: 'redis-sentinel', args: [] });
  const { ports, secrets, hosts } = blueprint;
  const [first] = hosts;
  const file = writeConfig(blueprint, host.name, 'sentinel', 'sentinel.conf', [
    `bind ${host.redisIp}`,
    `port ${ports.sentinel}`,
    'protected-mode no',
    `dir ${spec.cwd}`,
    // The sentinels know each other by the default user's password; clients have a user of their own.
    `requirepass ${secrets.sentinel}`,
    `user ${SENTINEL_USER} on >${secrets.sentinel} ~* &* ${CLIENT_COMMANDS}`,
    `sentinel sentinel-pass ${secrets.sentinel}`,
    `sentinel announce-ip ${host.redisIp}`,
    `sentinel monitor ${MASTER_NAME} ${first?.redisIp ?? ''} ${ports.redis} ${QUORUM}`,
    `sentinel auth-user ${MASTER_NAME} ${REDIS_SENTINEL_USER}`,
    `sentinel auth-pass ${MASTER_NAME} ${secrets.redisSentinel}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${settings.downAfterMs}`,
    `sentinel failover-timeout ${MASTER_NAME} ${settings.failoverTimeoutMs}`,
    `sentinel parallel-syncs ${MASTER_NAME} 1`,
  ]);
  return { ...spec, args: [file] };
}
