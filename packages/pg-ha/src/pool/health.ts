import type { Pool } from 'pg';
import {
  describeError,
  hideUserinfo,
  searchTrouble,
  type Clock,
  type Endpoint,
  type Epoch,
  type Seat,
} from '@steadfast/shared';
import type { ReaderHealth } from '../reader/reads.ts';

/** For readiness probes. Plain data. */
export interface PoolHealth {
  /** a primary is being followed; of a pool for reads: or a standby answers. Never once the pool has been ended */
  readonly ready: boolean;
  /** what the monitor does: idle, steady, checking, searching, closed */
  readonly state: Seat['state'];
  readonly primary?: Endpoint;
  /** the primary's timeline */
  readonly epoch?: Epoch;
  /** how many changes of primary this process has seen, the first included */
  readonly generation: number;
  /** calls waiting for a primary */
  readonly waiting: number;
  /** connections now: all, those idle, the most there may be (of a pool for reads: to each member); calls that wait for one */
  readonly pool: {
    readonly total: number;
    readonly idle: number;
    readonly max: number;
    readonly queued: number;
  };
  /** `open` in a long outage: calls fail at once */
  readonly breaker: 'open' | 'closed';
  /** how long ago the primary was asked the question that it answered last, ms */
  readonly lastAnswerMs?: number;
  /** what went wrong last while looking, at a control plane too; cleared when a primary is found */
  readonly lastError?: string;
  /** of a pool for reads: the servers it knows */
  readonly members?: readonly ReaderHealth[];
}

/** @param members of a pool for reads, which is ready as well where a standby answers */
export function poolHealth(
  monitor: Seat,
  clock: Clock,
  pool: Pool,
  members?: readonly ReaderHealth[],
): PoolHealth {
  const { leadership, generation } = monitor.topology;
  const { trouble } = monitor;
  const lastError = trouble === undefined ? searchTrouble(monitor.topology) : describeError(trouble);
  const { totalCount: total, idleCount: idle, waitingCount: queued } = pool;
  const common = {
    state: monitor.state,
    generation,
    waiting: monitor.waiting,
    pool: { total, idle, max: pool.options.max, queued },
    breaker: monitor.breaker.open ? 'open' : 'closed',
    ...(members && { members }),
    ...(lastError === undefined ? {} : { lastError: hideUserinfo(lastError) }),
  } as const;
  const served = members?.some(({ role }) => role === 'replica') ?? false;
  const open = common.state !== 'closed';
  if (leadership.at !== 'following') return { ready: open && served, ...common };
  const { endpoint, epoch, observedAt } = leadership.primary;
  const lastAnswerMs = Math.round(clock.now() - observedAt);
  return {
    ready: open,
    ...common,
    primary: endpoint,
    ...(epoch === undefined ? {} : { epoch }),
    lastAnswerMs,
  };
}
