import type { Blueprint, Host } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { etcdUrl } from '../servers/etcd.ts';
import { PATRONI_NAMESPACE } from '../servers/patroni.ts';
import { leaderName } from './patroni-rest.ts';

/**
 * Called before Patroni is started on a host whose leader key is still its own. Patroni 3.0.2 then forgets
 * `synchronous_standby_names`, finds its standby in the key /sync, takes the two for equal and never sets it again:
 * commits would no longer wait for a standby. Without the key it assigns one anew. True if the key was taken away.
 */
export async function forgetSynchronousStandby(blueprint: Blueprint, host: Host): Promise<boolean> {
  const { postgres } = blueprint.settings;
  if (!postgres || !postgres.synchronousMode) return false;
  const leader = await leaderName(blueprint).catch(() => undefined);
  if (leader !== host.name) return false;
  const key = `${PATRONI_NAMESPACE}${blueprint.id}/sync`;
  const answer = await fetch(`${etcdUrl(blueprint, host)}/v2/keys${key}`, {
    method: 'DELETE',
    signal: AbortSignal.timeout(5_000),
  });
  if (!answer.ok && answer.status !== 404)
    throw new LabError(`etcd of ${host.name} answered ${answer.status} to a deletion`);
  return answer.ok;
}
