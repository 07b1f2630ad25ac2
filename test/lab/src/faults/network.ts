import { BALANCER, type Plane } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { planesOf, setClientsDropped, setLinks } from '../network/namespaces.ts';
import { defineFault, type FaultKind, type FaultPlan } from './fault-kind.ts';
import { targetHost } from './target.ts';

interface CutPlan extends FaultPlan {
  planes: readonly Plane[];
}

/** A fault that unplugs cables of one host at the switch. */
function cut(
  about: Pick<FaultKind, 'meaning' | 'target' | 'needs'> & {
    byDefault: string;
    planes?: Plane[];
    of: 'postgres' | 'redis';
  },
): FaultKind {
  const { byDefault, planes, of, ...rest } = about;
  return defineFault<CutPlan>({
    ...rest,
    healing: 'plugs the host in again',
    needsNamespaces: true,
    async plan({ blueprint }, args) {
      const fallback = blueprint.settings.postgres ? byDefault : 'master';
      const { name } = await targetHost(blueprint, args, fallback, of);
      return { target: name, planes: planes ?? planesOf(name) };
    },
    async make({ blueprint, note }, { target, planes: cables }) {
      await setLinks(blueprint, target, cables, 'down');
      note(`unplugged ${target} from ${cables.join(', ')}`);
    },
    async heal({ blueprint, note }, { target, planes: cables }) {
      await setLinks(blueprint, target, cables, 'up');
      note(`plugged ${target} into ${cables.join(', ')}`);
    },
  });
}

export const partition: FaultKind = cut({
  meaning:
    'the host is cut off from everything, clients too: packets vanish both ways, nothing is reset; its processes live and reach each other',
  target: "default 'primary' ('master' in a lab without PostgreSQL); h1, h2, h3, primary, master, replica",
  byDefault: 'primary',
  of: 'postgres',
});

export const partitionDcs: FaultKind = cut({
  meaning:
    "the host's etcd network is cut off: its Patroni reaches no etcd that has a majority; PostgreSQL, replication and clients are untouched",
  target: "default 'primary'; h1, h2, h3, primary, replica",
  needs: ['postgres'],
  byDefault: 'primary',
  planes: ['etcd'],
  of: 'postgres',
});

export const redisPartition: FaultKind = cut({
  meaning:
    "Redis and Sentinel of the host are cut off from the other hosts and from clients; PostgreSQL's side of the host is untouched",
  target: "default 'master'; h1, h2, h3, master, replica",
  needs: ['redis'],
  byDefault: 'master',
  planes: ['redis'],
  of: 'redis',
});

interface ClientsPlan extends FaultPlan {
  hosts: string[];
}

export const partitionClients: FaultKind = defineFault<ClientsPlan>({
  meaning:
    'clients are cut off, the cluster is healthy: packets between the client address and the hosts vanish both ways, also those of observers and proxies',
  healing: 'lets the packets pass again',
  target: "default 'all': the three hosts and the load balancer; h1, h2, h3, lb, primary, master, replica",
  needsNamespaces: true,
  async plan({ blueprint }, args) {
    const wanted = args.target ?? 'all';
    if (wanted === 'all')
      return { target: 'all', hosts: [...blueprint.hosts.map(({ name }) => name), BALANCER] };
    if (wanted === BALANCER) return { target: BALANCER, hosts: [BALANCER] };
    const { name } = await targetHost(blueprint, args, 'all');
    return { target: name, hosts: [name] };
  },
  async make({ blueprint, note }, { hosts }) {
    if (hosts.length === 0) throw new LabError('no host to cut clients off from');
    await Promise.all(hosts.map((host) => setClientsDropped(blueprint, host, true)));
    note(`cut clients off from ${hosts.join(', ')}`);
  },
  async heal({ blueprint, note }, { hosts }) {
    await Promise.all(hosts.map((host) => setClientsDropped(blueprint, host, false)));
    note(`let clients reach ${hosts.join(', ')}`);
  },
});
