import type { Socket } from 'node:net';
import {
  endpointKey,
  wrongSetting,
  type Clock,
  type Endpoint,
  type EpochRule,
  type HaLogger,
  type Resolver,
} from '@steadfast/shared';
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
  /** a server is what its settings say, whatever it says itself: as a standby it answers what may be read from one */
  readonly asItIs?: true;
  /** where standbys are reached, when not as members of the topology: what answers there is any one of them */
  readonly replicas?: readonly Endpoint[];
  /** sockets of its own, where names are looked up in a way of its own */
  readonly stream?: () => Socket;
}

/** To add a strategy: a file like its neighbours, a line here, a word in `STRATEGIES`. */
const STRATEGY_BY_NAME = { haproxy, hosts, managed, patroni, single } as const;

/** @throws HaError HA_CONFIG where a setting that the strategy needs is missing */
export function createStrategy(settings: PoolSettings, clock: Clock, log: HaLogger): Strategy {
  const strategy = STRATEGY_BY_NAME[settings.ha.strategy](settings, clock, log);
  const { readerHosts } = settings.ha;
  if (!readerHosts || strategy.replicas) return strategy;
  const allowed = `not set with PG_HA_STRATEGY=${settings.ha.strategy}, whose members are known; set with haproxy and managed`;
  throw wrongSetting(
    'PG_HA_READER_HOSTS (option readerHosts)',
    readerHosts.map(endpointKey).join(','),
    allowed,
  );
}
