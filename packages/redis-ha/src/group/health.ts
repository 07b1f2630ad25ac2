import { primaryOf, type Endpoint, type Epoch } from '@steadfast/shared';
import type { ReplicationGroup } from './replication-group.ts';

/** For readiness probes. Plain data. */
export interface RedisHealth {
  /** a primary is followed and the connection to it stands */
  readonly ready: boolean;
  /** what is being done: `holding` writes for a failover, or the monitor's idle, steady, checking, searching, closed */
  readonly state: 'holding' | ReplicationGroup['monitor']['state'];
  readonly primary?: Endpoint;
  /** Sentinel's config-epoch of that primary */
  readonly epoch?: Epoch;
  /** how many changes of primary this process has seen, the first included */
  readonly generation: number;
  /** commands waiting on this client */
  readonly waiting: number;
}

export function redisHealth(
  group: ReplicationGroup | undefined,
  client: { linked: boolean; waiting: number },
): RedisHealth {
  const { waiting } = client;
  if (!group) return { ready: false, state: 'idle', generation: 0, waiting };
  const { topology, state } = group.monitor;
  const primary = primaryOf(topology);
  const common = {
    state: group.hold.holding ? ('holding' as const) : state,
    generation: topology.generation,
    waiting,
  };
  if (!primary) return { ready: false, ...common };
  const { endpoint, epoch } = primary;
  return { ready: client.linked, ...common, primary: endpoint, ...(epoch === undefined ? {} : { epoch }) };
}
