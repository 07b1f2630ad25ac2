import type { PoolSettings } from '../options/pool-options.ts';
import { observeIdentity } from './observe.ts';
import type { Strategy } from './strategy.ts';

/** One server and no other: whatever it says of its role, it is the one we talk to, as with stock pg. */
export function single(settings: PoolSettings): Strategy {
  return {
    rule: 'self',
    seeds: [settings.connection.endpoint],
    resolvers: [],
    freshProbes: false,
    observe: (endpoint, identity, at) => observeIdentity(endpoint, { ...identity, role: 'primary' }, at),
  };
}
