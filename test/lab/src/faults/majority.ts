import type { ServerSpec } from '../process/server.ts';
import { defineFault, type FaultKind, type FaultPlan } from './fault-kind.ts';
import { otherHosts, targetHost } from './target.ts';

interface MajorityPlan extends FaultPlan {
  killed: string[];
}

/** A fault that kills a server on all hosts but one. */
function majorityLoss(
  about: Pick<FaultKind, 'meaning' | 'needs'> & { server: ServerSpec['server']; of: 'postgres' | 'redis' },
): FaultKind {
  const { server, of, ...rest } = about;
  return defineFault<MajorityPlan>({
    ...rest,
    healing: `starts the killed ${server} servers again`,
    target: `the host whose ${server} stays; default h1; h1, h2, h3, primary, master, replica`,
    async plan({ blueprint }, args) {
      const kept = await targetHost(blueprint, args, 'h1', of);
      return { target: kept.name, killed: otherHosts(blueprint, kept.name).map(({ name }) => name) };
    },
    async make({ servers, note }, { killed }) {
      await Promise.all(killed.map((host) => servers.stop(host, server, 'SIGKILL')));
      note(`killed ${server} on ${killed.join(', ')}`);
    },
    async heal({ servers, note }, { killed }) {
      await Promise.all(killed.map((host) => servers.revive(host, server)));
      note(`started ${server} on ${killed.join(', ')}`);
    },
  });
}

export const etcdQuorumLoss: FaultKind = majorityLoss({
  meaning:
    'SIGKILL to etcd on two of three hosts: no leader key can be kept; Patroni makes the primary read-only when its retries have run out',
  server: 'etcd',
  of: 'postgres',
  needs: ['postgres'],
});

export const sentinelMajorityLoss: FaultKind = majorityLoss({
  meaning:
    'SIGKILL to Sentinel on two of three hosts: the one that stays answers clients, but no failover can happen',
  server: 'sentinel',
  of: 'redis',
  needs: ['redis'],
});
