import type { Instant } from '../runtime/clock.ts';
import { primaryOf, type Primary, type Topology } from './topology.ts';

/** The primary is followed no more, and none has taken its place yet. */
export interface PrimaryLost {
  readonly previous: Primary;
  readonly generation: number;
  /** what led to it: 'probe', 'dial' or the name of a control plane */
  readonly reason: string;
}

/** The same primary as before is followed again. */
export interface PrimaryRecovered {
  readonly primary: Primary;
  readonly generation: number;
  /** for how long this process followed nobody, ms */
  readonly downtimeMs: number;
  readonly reason: string;
}

/** Another primary is followed (or the same server under a new epoch). */
export interface Failover {
  readonly previous: Primary;
  readonly next: Primary;
  readonly generation: number;
  /** for how long this process followed nobody, ms; 0 where the new one proved itself before the old one was missed */
  readonly downtimeMs: number;
  readonly reason: string;
}

/** What a change of topology means for whoever runs the app; nothing, for most. */
export type LeadershipEvent =
  | { readonly is: 'found'; readonly primary: Primary; readonly generation: number; readonly reason: string }
  | ({ readonly is: 'primaryLost' } & PrimaryLost)
  | ({ readonly is: 'primaryRecovered' } & PrimaryRecovered)
  | ({ readonly is: 'failover' } & Failover);

/** Pure. `now` is when the change was applied. */
export function leadershipEvent(
  change: { readonly previous: Topology; readonly next: Topology; readonly reason: string },
  now: Instant,
): LeadershipEvent | undefined {
  const { previous, next, reason } = change;
  const { generation } = next;
  const [before, after] = [primaryOf(previous), primaryOf(next)];
  if (!after) return before && { is: 'primaryLost', previous: before, generation, reason };
  const missing = previous.leadership.at === 'searching' ? previous.leadership : undefined;
  const last = missing ? missing.last : before;
  const downtimeMs = missing ? Math.max(0, now - missing.since) : 0;
  if (!last) return { is: 'found', primary: after, generation, reason };
  if (generation > previous.generation)
    return { is: 'failover', previous: last, next: after, generation, downtimeMs, reason };
  return missing && { is: 'primaryRecovered', primary: after, generation, downtimeMs, reason };
}
