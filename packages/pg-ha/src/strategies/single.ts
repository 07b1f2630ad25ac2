import type { PoolSettings } from '../options/pool-options.ts';
import { observeIdentity } from './observe.ts';
import { onlyHost } from './only-host.ts';
import type { Strategy } from './strategy.ts';

/** One server and no other: whatever it says of its role, it is the one we talk to, as with stock pg. */
export function single({ connection }: PoolSettings): Strategy {
  const endpoint = onlyHost(connection, 'one host with PG_HA_STRATEGY=single; several with hosts or haproxy');
  return {
    rule: 'self',
    seeds: [endpoint],
    resolvers: [],
    freshProbes: false,
    observe: (endpoint, identity, at) => observeIdentity(endpoint, { ...identity, role: 'primary' }, at),
  };
}
