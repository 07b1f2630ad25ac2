import { BALANCER, type Plane } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { planesOf, setClientsDropped, setLinks, setPeersDropped } from '../network/namespaces.ts';
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
  },
): FaultKind {
  const { byDefault, planes, ...rest } = about;
  return defineFault<CutPlan>({
    ...rest,
    healing: 'plugs the host in again',
    needsNamespaces: true,
    async plan({ blueprint }, args) {
      const fallback = blueprint.settings.postgres ? byDefault : 'master';
      const { name } = await targetHost(blueprint, args, fallback);
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
});

export const partitionDcs: FaultKind = cut({
  meaning:
    "the host's etcd network is cut off: its Patroni reaches no etcd that has a majority; PostgreSQL, replication and clients are untouched",
  target: "default 'primary'; h1, h2, h3, primary, replica",
  needs: ['postgres'],
  byDefault: 'primary',
  planes: ['etcd'],
});

interface RedisPlan extends FaultPlan {
  /** clients still reach it */
  clientsKept: boolean;
}

export const redisPartition: FaultKind = defineFault<RedisPlan>({
  meaning:
    "Redis and Sentinel of the host are cut off from the other hosts and from clients; PostgreSQL's side of the host is untouched",
  healing: 'plugs the host in again',
  target: "default 'master'; h1, h2, h3, master, replica",
  args: {
    clients: "'cut' or 'kept': kept, only its peers are cut off, and clients still reach it; default cut",
  },
  needs: ['redis'],
  needsNamespaces: true,
  async plan({ blueprint }, args) {
    const clients = args['clients'] ?? 'cut';
    if (clients !== 'cut' && clients !== 'kept')
      throw new LabError(`clients ${JSON.stringify(clients)}: allowed are cut, kept`);
    const { name } = await targetHost(blueprint, args, 'master', 'redis');
    return { target: name, clientsKept: clients === 'kept' };
  },
  async make({ blueprint, note }, { target, clientsKept }) {
    if (clientsKept) await setPeersDropped(blueprint, target, 'redis', true);
    else await setLinks(blueprint, target, ['redis'], 'down');
    note(clientsKept ? `cut ${target} off from its peers` : `unplugged ${target} from redis`);
  },
  async heal({ blueprint, note }, { target, clientsKept }) {
    if (clientsKept) await setPeersDropped(blueprint, target, 'redis', false);
    else await setLinks(blueprint, target, ['redis'], 'up');
    note(clientsKept ? `let ${target} reach its peers` : `plugged ${target} into redis`);
  },
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
