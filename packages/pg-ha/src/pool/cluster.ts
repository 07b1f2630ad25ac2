import {
  clusterKey,
  isHaError,
  opossumBreaker,
  SharedByKey,
  type Clock,
  type HaLogger,
  type Monitor,
  type Random,
  type Seat,
} from '@steadfast/shared';
import { loginOf } from '../discovery/probe-lines.ts';
import type { Scout } from '../discovery/scout.ts';
import type { Who } from '../dial/dial-context.ts';
import type { PoolSettings } from '../options/pool-options.ts';
import type { HaOptions } from '../options/table.ts';
import { createStrategy, type Strategy } from '../strategies/strategy.ts';
import { createMonitor } from './create-monitor.ts';

/** One cluster as this process sees it. */
interface Cluster {
  readonly strategy: Strategy;
  readonly monitor: Monitor;
  /** of its pools, those that may ask for the monitor */
  readonly scouts: Set<Scout>;
}

/** A pool's part in what is known of its cluster. */
export interface ClusterShare {
  readonly strategy: Strategy;
  readonly seat: Seat;
  readonly scouts: Set<Scout>;
  /** ends this pool's waiting calls, and the watch itself where no other pool is left */
  readonly leave: () => Promise<void>;
}

/** Pools with equal settings watch their cluster together: one refresh, whatever the number of pools. */
const clusters = new SharedByKey<Cluster>(({ monitor }) => monitor.close());

/**
 * What concerns a pool alone, and not how its cluster is watched. All others count: an option that nobody thought of here
 * separates what could have been shared, and never joins what should be apart.
 */
const POOLS_OWN: ReadonlySet<string> = new Set<keyof HaOptions>([
  'failoverWaitMs',
  'dialTimeoutMs',
  'silenceMs',
  'maxWaiting',
  'dialConcurrency',
  'poolMax',
  'idleCheckMs',
  'maxLifetimeJitterPercent',
  'statementTimeoutMs',
  'keepConnectionOnSqlError',
  'callMetrics',
  'logLevel',
  'targetSessionAttrs',
  'loadBalanceHosts',
  'readerFallback',
  'maxLagBytes',
  'maxLagMs',
  'readerRefreshMs',
  'tokenWaitMs',
  'listenHeartbeatMs',
]);

/** The same for pools that may watch their cluster together: where it is, who asks, over what socket and TLS, and how often. */
export function keyOf(settings: PoolSettings, clock: Clock, random: Random): string {
  const { ha, connection, pool } = settings;
  const watched = Object.fromEntries(Object.entries(ha).filter(([name]) => !POOLS_OWN.has(name)));
  const { endpoints } = connection;
  return clusterKey({ ...watched, endpoints, ...loginOf(pool), stream: pool.stream, clock, random });
}

/** @throws HaError HA_CONFIG where a setting that the strategy needs is missing */
export function joinCluster(
  settings: PoolSettings,
  who: Who,
  { clock, random, log }: { clock: Clock; random: Random; log: HaLogger },
  breakerChanged: (open: boolean) => void,
): ClusterShare {
  const { thing, release } = clusters.acquire(keyOf(settings, clock, random), () => {
    const strategy = createStrategy(settings, clock, log);
    const scouts = new Set<Scout>();
    return { strategy, scouts, monitor: createMonitor(settings, strategy, who, scouts, clock, random) };
  });
  const { strategy, monitor, scouts } = thing;
  const { ha } = settings;
  const seat = monitor.seat({
    clock,
    breaker: opossumBreaker({
      name: monitor.name,
      threshold: 5,
      resetMs: 10_000,
      counts: (error) => isHaError(error, 'HA_NO_PRIMARY'),
      changed: breakerChanged,
    }),
    longOutageMs: ha.failoverWaitMs,
    maxWaiting: ha.maxWaiting,
  });
  const leave = async (): Promise<void> => {
    seat.close();
    await release();
  };
  return { strategy, seat, scouts, leave };
}
