import {
  describeError,
  endpointKey,
  hideUserinfo,
  primaryOf,
  searchTrouble,
  type Endpoint,
  type Epoch,
} from '@steadfast/shared';
import type { SentinelSummary } from '../discovery/sentinel-view.ts';
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
  /** `open` in a long outage: commands fail at once */
  readonly breaker: 'open' | 'closed';
  /** how long ago the primary was asked the question that it answered last, ms */
  readonly lastAnswerMs?: number;
  /** what went wrong last while looking for a primary; unset once one is followed */
  readonly lastError?: string;
  /** what the sentinels said last: under strategy `sentinel`, once one has answered */
  readonly sentinel?: SentinelSummary;
  /** what does not stop the app now, and would in a failover or a restart */
  readonly warnings: readonly string[];
}

export function redisHealth(
  group: ReplicationGroup | undefined,
  client: { linked: boolean; waiting: number },
): RedisHealth {
  const { waiting } = client;
  if (!group) return { ready: false, state: 'idle', generation: 0, waiting, breaker: 'closed', warnings: [] };
  const { topology, state, trouble } = group.monitor;
  const { sentinel } = group;
  const primary = primaryOf(topology);
  const lastError = trouble === undefined ? searchTrouble(topology) : describeError(trouble);
  const common = {
    state: group.hold.holding ? 'holding' : state,
    generation: topology.generation,
    waiting,
    breaker: group.breaker.open ? 'open' : 'closed',
    ...(lastError === undefined ? {} : { lastError: hideUserinfo(lastError) }),
    ...(sentinel === undefined ? {} : { sentinel }),
    // Once the last client has ended nobody is asked any more.
    warnings: [
      ...sentinelWarnings(sentinel),
      ...group.muteSentinels.map(muteWarning),
      ...(state === 'closed' ? [] : group.persistence.warnings),
    ],
  } as const;
  if (!primary) return { ready: false, ...common };
  const { endpoint, epoch, observedAt } = primary;
  return {
    ready: client.linked,
    ...common,
    primary: endpoint,
    ...(epoch === undefined ? {} : { epoch }),
    lastAnswerMs: Math.round(group.settings.clock.now() - observedAt),
  };
}

/** What is shown of a client where it is printed. */
export function shortHealth({ state, primary }: RedisHealth): object {
  return { state, primary: primary ? endpointKey(primary) : 'none' };
}

function sentinelWarnings(sentinel: SentinelSummary | undefined): string[] {
  if (!sentinel) return [];
  const warnings: string[] = [];
  if (sentinel.quorum === false) warnings.push(`no failover could happen: ${sentinel.quorumSays}`);
  if (sentinel.replicas === 0) warnings.push('no failover could happen: the sentinels know of no replica');
  return warnings;
}

function muteWarning(sentinel: string): string {
  return `writes do not wait for a failover that ${sentinel} leads: its user may not hear it (+psubscribe and all channels)`;
}
