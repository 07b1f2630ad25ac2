import type { PoolSettings } from '../options/pool-options.ts';
import { observeIdentity } from './observe.ts';
import type { Strategy } from './strategy.ts';

/** A list of servers in plain replication, as libpq's multi-host: each is asked for its role, the one that is primary is followed. */
export function hosts({ ha, connection }: PoolSettings): Strategy {
  return {
    rule: 'self',
    seeds: ha.hosts ?? connection.endpoints,
    resolvers: [],
    freshProbes: false,
    observe: observeIdentity,
  };
}
