import type { Breaker } from '../policy/breaker.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Endpoint } from '../topology/endpoint.ts';
import type { EpochRule, Topology } from '../topology/topology.ts';
import type { Prober } from './prober.ts';
import type { Resolver } from './resolver.ts';

export interface MonitorOptions {
  /** the cluster, for messages and logs */
  name: string;
  clock: Clock;
  random: Random;
  rule: EpochRule;
  /** endpoints that configuration names; always probed */
  seeds: readonly Endpoint[];
  resolvers: readonly Resolver[];
  prober: Prober;
  /** background refresh while all is well, ms (jittered) */
  refreshMs: number;
  /** pause between two rounds in the first half minute of a search, and the longest after that or while checking, ms */
  searchMinMs: number;
  searchMaxMs: number;
  /** one probe of one member, ms */
  probeTimeoutMs: number;
  /** one question to one resolver, ms */
  resolveTimeoutMs: number;
}

/** One client's own bounds. */
export interface SeatOptions {
  clock: Clock;
  /** fails calls fast in a long outage */
  breaker: Breaker;
  /** an outage is long after so much, ms (default 10 s): waits that end in vain before do not open the breaker */
  longOutageMs?: number;
  /** calls that may wait for a primary at once */
  maxWaiting: number;
}

/** A change of what is known, announced after it has been applied. */
export interface TopologyChange {
  readonly previous: Topology;
  readonly next: Topology;
  /** what led to it */
  readonly reason: string;
}

export type TopologyListener = (change: TopologyChange) => void;
