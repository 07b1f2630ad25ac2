import type { Blueprint } from './blueprint.ts';
import { clusterMembers } from './control/patroni-rest.ts';
import { redisRole, sentinelMaster, sentinelView } from './control/redis-call.ts';
import type { LabStatus } from './types.ts';

/** Who is what now, as Patroni, Sentinel and the members themselves say. */
export async function statusOf(blueprint: Blueprint): Promise<LabStatus> {
  const [postgres, redis] = await Promise.all([
    blueprint.settings.postgres ? postgresStatus(blueprint) : undefined,
    blueprint.settings.redis ? redisStatus(blueprint) : undefined,
  ]);
  return { ...(postgres && { postgres }), ...(redis && { redis }) };
}

async function postgresStatus(blueprint: Blueprint): Promise<LabStatus['postgres']> {
  // Where no Patroni answers, nothing is known of any member: that is a status too.
  const listed = await clusterMembers(blueprint).catch(() => []);
  const primary = listed.find(({ role }) => role === 'leader' || role === 'master')?.name;
  const members = blueprint.hosts.map(({ name }) => {
    const member = listed.find((each) => each.name === name);
    return {
      name,
      role: member?.role ?? 'unknown',
      state: member?.state ?? 'unknown',
      ...(member?.timeline !== undefined && { timeline: member.timeline }),
    };
  });
  return { ...(primary && { primary }), members };
}

async function redisStatus(blueprint: Blueprint): Promise<LabStatus['redis']> {
  const { hosts } = blueprint;
  const [master, members, sentinels] = await Promise.all([
    sentinelMaster(blueprint).catch(() => undefined),
    Promise.all(
      hosts.map(async (host) => memberStatus(host.name, await settled(redisRole(blueprint, host)))),
    ),
    Promise.all(hosts.map((host) => settled(sentinelView(blueprint, host)))),
  ]);
  const sentinelsUp = sentinels.filter((view) => view !== undefined).length;
  return { ...(master && { master: master.name }), members, sentinelsUp };
}

function memberStatus(
  name: string,
  answer: { role: string } | undefined,
): { name: string; role: string; up: boolean } {
  const role = answer?.role === 'slave' ? 'replica' : answer?.role;
  return { name, role: role ?? 'unknown', up: answer !== undefined };
}

async function settled<T>(promise: Promise<T>): Promise<T | undefined> {
  return promise.catch(() => undefined);
}
