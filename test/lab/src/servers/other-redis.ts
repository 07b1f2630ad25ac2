import type { Blueprint, Host } from '../blueprint.ts';
import type { ServerSpec } from '../process/server.ts';
import { hosted } from './hosted.ts';
import { writeConfig } from './write-config.ts';

/** A second group that the same sentinels watch. */
export const OTHER_GROUP = 'othermaster';

/** A server of the second group: nobody's data, so nobody is asked for a password. */
export function otherRedisSpec(blueprint: Blueprint, host: Host, master?: Host): ServerSpec {
  const spec = hosted(blueprint, host.name, { server: 'other-redis', command: 'redis-server', args: [] });
  const { ports, network } = blueprint;
  const file = writeConfig(blueprint, host.name, 'other-redis', 'redis.conf', [
    `bind ${host.redisIp}`,
    `port ${ports.otherRedis}`,
    'protected-mode no',
    `dir ${spec.cwd}`,
    'save ""',
    `replica-announce-ip ${host.redisIp}`,
    ...(network === 'loopback' ? [`bind-source-addr ${host.redisIp}`] : []),
    'repl-diskless-sync-delay 0',
    ...(master ? [`replicaof ${master.redisIp} ${ports.otherRedis}`] : []),
  ]);
  return { ...spec, args: [file] };
}
