import type { Endpoint, Epoch, Seat } from '@steadfast/shared';

/** For readiness probes. Plain data. */
export interface PoolHealth {
  /** a primary is being followed */
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
}

export function poolHealth(monitor: Seat): PoolHealth {
  const { leadership, generation } = monitor.topology;
  const common = { state: monitor.state, generation, waiting: monitor.waiting };
  if (leadership.at !== 'following') return { ready: false, ...common };
  const { endpoint, epoch } = leadership.primary;
  return { ready: true, ...common, primary: endpoint, ...(epoch === undefined ? {} : { epoch }) };
}
