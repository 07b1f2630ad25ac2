import type { Blueprint, Host } from '../blueprint.ts';
import { clusterMembers, leaderName } from '../control/patroni-rest.ts';
import { sentinelMaster } from '../control/redis-call.ts';
import { LabError } from '../errors.ts';
import type { FaultArgs } from '../types.ts';

/** The host that `target` names; a role is looked up now. `of` says whose replica is meant. */
export async function targetHost(
  blueprint: Blueprint,
  args: FaultArgs,
  byDefault: string,
  of: 'postgres' | 'redis' = 'postgres',
): Promise<Host> {
  const wanted = args.target ?? byDefault;
  const named = blueprint.hosts.find(({ name }) => name === wanted);
  if (named) return named;
  switch (wanted) {
    case 'primary':
      requireServers(blueprint, 'postgres', wanted);
      return hostNamed(blueprint, await leaderName(blueprint));
    case 'master':
      requireServers(blueprint, 'redis', wanted);
      return sentinelMaster(blueprint);
    case 'replica':
      requireServers(blueprint, of, wanted);
      return of === 'postgres' ? postgresReplica(blueprint) : redisReplica(blueprint);
    default:
      throw new LabError(`target '${wanted}': allowed are ${hostNames(blueprint)}, primary, master, replica`);
  }
}

export function hostNamed(blueprint: Blueprint, name: string): Host {
  const found = blueprint.hosts.find((host) => host.name === name);
  if (found) return found;
  throw new LabError(`host '${name}': allowed are ${hostNames(blueprint)}`);
}

export function otherHosts(blueprint: Blueprint, name: string): Host[] {
  return blueprint.hosts.filter((host) => host.name !== name);
}

/** A replica that is not the synchronous one, where there is such. */
async function postgresReplica(blueprint: Blueprint): Promise<Host> {
  const members = await clusterMembers(blueprint);
  const found =
    members.find(({ role }) => role === 'replica') ?? members.find(({ role }) => role === 'sync_standby');
  if (found) return hostNamed(blueprint, found.name);
  throw new LabError('PostgreSQL has no replica now');
}

/** The replica that a switchover goes to: the synchronous one, where there is such. */
export async function switchoverCandidate(blueprint: Blueprint): Promise<string> {
  const members = await clusterMembers(blueprint);
  const found =
    members.find(({ role }) => role === 'sync_standby') ?? members.find(({ role }) => role === 'replica');
  if (found) return found.name;
  throw new LabError('PostgreSQL has no replica to switch over to');
}

async function redisReplica(blueprint: Blueprint): Promise<Host> {
  const master = await sentinelMaster(blueprint);
  const found = otherHosts(blueprint, master.name)[0];
  if (found) return found;
  throw new LabError('Redis has no replica');
}

function requireServers(blueprint: Blueprint, which: 'postgres' | 'redis', target: string): void {
  if (!blueprint.settings[which]) throw new LabError(`target '${target}': this lab has no ${which}`);
}

function hostNames(blueprint: Blueprint): string {
  return blueprint.hosts.map(({ name }) => name).join(', ');
}
