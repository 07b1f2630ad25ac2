import type { RetryBudget } from '../policy/retry-budget.ts';
import { primaryOf, type Topology } from '../topology/topology.ts';
import type { ObservedRow } from './meter.ts';
import type { Counts } from './reporter.ts';

/** What both clients tell of themselves, read when metrics are collected. */
export interface ClusterReadings {
  readonly topology: () => Topology;
  readonly counts: Counts;
  readonly retries: () => RetryBudget['taken'];
  /** calls that wait for a primary */
  readonly waiting: () => number;
  readonly breakerOpen: () => boolean;
}

/** The instruments under `steadfast.` that both clients have. */
export function clusterRows(readings: ClusterReadings): ObservedRow[] {
  const { topology, counts, retries, waiting, breakerOpen } = readings;
  return [
    {
      name: 'steadfast.primary.followed',
      kind: 'gauge',
      unit: '1',
      description: '1 while a primary is followed, else 0',
      read: () => (primaryOf(topology()) ? 1 : 0),
    },
    {
      name: 'steadfast.generation',
      kind: 'gauge',
      unit: '{change}',
      description: 'changes of primary that this process has seen, the first included',
      read: () => topology().generation,
    },
    {
      name: 'steadfast.epoch',
      kind: 'gauge',
      unit: '1',
      description: "the cluster's own number of the primary: timeline or config-epoch",
      read: () => topology().epoch,
    },
    {
      name: 'steadfast.failovers',
      kind: 'counter',
      unit: '{failover}',
      description: 'failovers followed',
      read: () => counts.failovers,
    },
    {
      name: 'steadfast.downtime',
      kind: 'counter',
      unit: 's',
      description: 'time without a primary, outages that have ended',
      read: () => counts.downtimeMs / 1000,
    },
    {
      name: 'steadfast.calls.waiting',
      kind: 'upDownCounter',
      unit: '{call}',
      description: 'calls that wait for a primary',
      read: waiting,
    },
    {
      name: 'steadfast.retries',
      kind: 'counter',
      unit: '{retry}',
      description: 'work sent again, by what was known of the attempt before',
      read: () => Object.entries(retries()).map(([outcome, count]) => [count, { outcome }] as const),
    },
    {
      name: 'steadfast.breaker.open',
      kind: 'gauge',
      unit: '1',
      description: '1 while the breaker is open and calls fail at once, else 0',
      read: () => (breakerOpen() ? 1 : 0),
    },
  ];
}
