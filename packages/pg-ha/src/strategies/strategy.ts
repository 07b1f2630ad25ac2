import type { Socket } from 'node:net';
import type { Clock, Endpoint, EpochRule, HaLogger, Resolver } from '@steadfast/shared';
import type { Observe } from '../dial/identity.ts';
import type { PoolSettings } from '../options/pool-options.ts';
import { haproxy } from './haproxy.ts';
import { hosts } from './hosts.ts';
import { managed } from './managed.ts';
import { patroni } from './patroni.ts';
import { single } from './single.ts';

/** How one kind of deployment is watched; everything else is the same for all of them. */
export interface Strategy {
  readonly rule: EpochRule;
  /** endpoints that configuration names; always probed */
  readonly seeds: readonly Endpoint[];
  readonly resolvers: readonly Resolver[];
  /** dial anew for every probe, because what stands behind an address can change */
  readonly freshProbes: boolean;
  readonly observe: Observe;
  /** sockets of its own, where names are looked up in a way of its own */
  readonly stream?: () => Socket;
}

/** To add a strategy: a file like its neighbours, a line here, a word in `STRATEGIES`. */
const STRATEGY_BY_NAME = { haproxy, hosts, managed, patroni, single } as const;

/** @throws HaError HA_CONFIG where a setting that the strategy needs is missing */
export function createStrategy(settings: PoolSettings, clock: Clock, log: HaLogger): Strategy {
  return STRATEGY_BY_NAME[settings.ha.strategy](settings, clock, log);
}
