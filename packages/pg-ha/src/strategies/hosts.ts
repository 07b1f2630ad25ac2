import type { PoolSettings } from '../options/pool-options.ts';
import { namedHosts } from './named-hosts.ts';
import { observeIdentity } from './observe.ts';
import type { Strategy } from './strategy.ts';

/** A list of servers in plain replication, as libpq's multi-host: each is asked for its role, the one that is primary is followed. */
export function hosts(settings: PoolSettings): Strategy {
  return {
    rule: 'self',
    seeds: namedHosts(settings, settings.ha.hosts),
    resolvers: [],
    freshProbes: false,
    observe: observeIdentity,
  };
}
