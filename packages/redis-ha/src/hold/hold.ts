import { endpointKey, type Endpoint, type Instant } from '@steadfast/shared';
import type { SentinelEvent } from '../discovery/sentinel-event.ts';

/**
 * Whether writes wait for an announced failover. What is written to the old master after the chosen replica has been
 * promoted is thrown away when that master is demoted, about a second later; so writes wait from the choice until the
 * switch has been followed.
 */
export type Hold =
  | { readonly at: 'open' }
  | {
      readonly at: 'holding';
      readonly since: Instant;
      /** the sentinel that leads: others may abort attempts of their own */
      readonly by: string;
      /** the one that is chosen */
      readonly replica: Endpoint;
      readonly untilAtMost: Instant;
    };

export type HoldInput =
  | {
      readonly is: 'event';
      readonly event: SentinelEvent;
      readonly by: string;
      readonly now: Instant;
      readonly primary: string | undefined;
    }
  /** another primary is being followed, or the old one has been fenced */
  | { readonly is: 'left' }
  | { readonly is: 'late'; readonly now: Instant };

export const OPEN: Hold = { at: 'open' };

/** Pure; the same object comes back where nothing changes. */
export function transition(hold: Hold, input: HoldInput, maxMs: number): Hold {
  switch (input.is) {
    case 'event':
      return onEvent(hold, input, maxMs);
    case 'left':
      return OPEN;
    case 'late':
      return hold.at === 'holding' && input.now >= hold.untilAtMost ? OPEN : hold;
  }
}

function onEvent(
  hold: Hold,
  { event, by, now, primary }: Extract<HoldInput, { is: 'event' }>,
  maxMs: number,
): Hold {
  if (event.is === 'aborted') return hold.at === 'holding' && hold.by === by ? OPEN : hold;
  if (event.is !== 'selected') return hold;
  const { replica } = event;
  // An announcement that comes after the switch was followed already is about the past.
  if (endpointKey(replica) === primary) return hold;
  if (hold.at === 'open') return { at: 'holding', since: now, by, replica, untilAtMost: now + maxMs };
  // A failover that is begun anew, after its first leader died half-way, has its own time.
  const isSame = hold.by === by && endpointKey(hold.replica) === endpointKey(replica);
  return isSame ? hold : { ...hold, by, replica, untilAtMost: now + maxMs };
}
