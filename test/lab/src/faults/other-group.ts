import type { Blueprint, Host } from '../blueprint.ts';
import { sentinelCall } from '../control/redis-call.ts';
import { LabError } from '../errors.ts';
import { eventually } from '../process/wait.ts';
import { OTHER_GROUP, otherRedisSpec } from '../servers/other-redis.ts';
import { fieldsOf } from '../control/redis-call.ts';
import { defineFault, type FaultKind } from './fault-kind.ts';

const FAILOVER_MS = 20_000;

/** The two hosts that the other group has. */
function pairOf({ hosts }: Blueprint): [Host, Host] {
  const [first, second] = hosts;
  if (!first || !second) throw new LabError('the other group needs two hosts');
  return [first, second];
}

export const otherGroup: FaultKind = defineFault({
  meaning: `the sentinels watch a second group too (${OTHER_GROUP}: a master and a replica of their own), and it fails over: SENTINEL FAILOVER; resolves when they name its new master`,
  healing: 'the sentinels forget the second group, and its servers end',
  target: 'the second group, always',
  needs: ['redis'],
  plan: () => Promise.resolve({ target: OTHER_GROUP }),
  async make({ blueprint, servers, note }) {
    const [master, replica] = pairOf(blueprint);
    await servers.start(otherRedisSpec(blueprint, master));
    const spec = otherRedisSpec(blueprint, replica, master);
    await servers.start(spec);
    const { otherRedis: port } = blueprint.ports;
    for (const host of blueprint.hosts)
      await eventually(`the second group on ${host.name}`, FAILOVER_MS, () =>
        sentinelCall(blueprint, host, ['SENTINEL', 'MONITOR', OTHER_GROUP, master.redisIp, port, 2]),
      );
    note(`the sentinels watch ${OTHER_GROUP}`);
    await eventually('a failover of the second group', FAILOVER_MS, () =>
      sentinelCall(blueprint, master, ['SENTINEL', 'FAILOVER', OTHER_GROUP]),
    );
    await eventually('the end of the failover', FAILOVER_MS, async () => {
      const fields = fieldsOf(await sentinelCall(blueprint, replica, ['SENTINEL', 'MASTER', OTHER_GROUP]));
      if (fields.get('ip') !== replica.redisIp) throw new Error(`it names ${fields.get('ip')}`);
    });
    note(`${OTHER_GROUP} failed over from ${master.name} to ${replica.name}`);
  },
  async heal({ blueprint, servers, note }) {
    for (const host of blueprint.hosts)
      await sentinelCall(blueprint, host, ['SENTINEL', 'REMOVE', OTHER_GROUP]).catch(() => undefined);
    for (const { name } of pairOf(blueprint)) {
      if (!servers.find(name, 'other-redis')) continue;
      await servers.stop(name, 'other-redis', 'SIGKILL');
      servers.forget(name, 'other-redis');
    }
    note(`${OTHER_GROUP} is gone`);
  },
});
