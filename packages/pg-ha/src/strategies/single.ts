import type { PoolSettings } from '../options/pool-options.ts';
import { onlyHost } from './named-hosts.ts';
import type { Strategy } from './strategy.ts';

/** One server and no other: whatever it says of its role, it is the one we talk to, as with stock pg. */
export function single({ connection }: PoolSettings): Strategy {
  const endpoint = onlyHost(connection, 'one host with PG_HA_STRATEGY=single; several with hosts or haproxy');
  return {
    rule: 'self',
    seeds: [endpoint],
    resolvers: [],
    freshProbes: false,
    asItIs: true,
    // Its timeline and identifier may be anything: a development database is made anew under a running app.
    observe: (endpoint, _identity, at) => ({ kind: 'self', endpoint, role: 'primary', at }),
  };
}
