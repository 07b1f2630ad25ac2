import { DnsResolver, nameLookup, type Clock } from '@steadfast/shared';
import { lookupSocket } from '../dial/lookup-socket.ts';
import type { PoolSettings } from '../options/pool-options.ts';
import { observeIdentity } from './observe.ts';
import { namedHosts, onlyHost } from './named-hosts.ts';
import type { Strategy } from './strategy.ts';

/**
 * A provider's endpoint: one host name that the provider points to another server in a failover. It is looked up on every
 * dial and watched; the server behind it still has to say itself that it is primary, so a name that lags costs time only.
 */
export function managed(settings: PoolSettings, clock: Clock): Strategy {
  const { ha, connection, provider } = settings;
  namedHosts(settings);
  const endpoint = onlyHost(connection, "the provider's one host name with PG_HA_STRATEGY=managed");
  const find = nameLookup(ha.dnsServers, clock);
  const { host, port } = endpoint;
  const documented = provider?.replicaHost ? [{ host: provider.replicaHost(host), port }] : [];
  return {
    rule: 'route',
    seeds: [endpoint],
    resolvers: [new DnsResolver({ hostname: endpoint.host, find, clock, watchMs: ha.dnsWatchMs })],
    freshProbes: true,
    observe: observeIdentity,
    replicas: ha.readerHosts ?? documented,
    stream: () => lookupSocket(find),
  };
}
