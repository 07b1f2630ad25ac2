import { endpointKey, type Endpoint, type Instant } from '@steadfast/shared';
import type { SentinelEvent } from '../discovery/sentinel-event.ts';

/** What the sentinels say of the master that is followed: who misses it, and whether writes have waited for that already. */
interface Doubt {
  readonly missedBy: ReadonlySet<string>;
  /** … once is enough: not again before nobody misses it */
  readonly spent: boolean;
}

/**
 * Whether writes wait for a failover. What is written to the old master after the chosen replica has been promoted is thrown
 * away when that master is demoted, about a second later; so writes wait from the choice until the switch has been followed.
 * What a master acknowledges that is cut off from its replicas is lost as well, and that begins long before the choice: so
 * writes wait for a short while where the sentinels agree that they miss it, since then a choice is to follow at once.
 */
export type Hold = Doubt &
  (
    | { readonly at: 'open' }
    | { readonly at: 'suspecting'; readonly since: Instant; readonly untilAtMost: Instant }
    | {
        readonly at: 'holding';
        readonly since: Instant;
        /** the sentinel that leads: others may abort attempts of their own */
        readonly by: string;
        /** the one that is chosen */
        readonly replica: Endpoint;
        readonly untilAtMost: Instant;
      }
  );

export type HoldInput =
  | {
      readonly is: 'event';
      readonly event: SentinelEvent;
      readonly by: string;
      readonly now: Instant;
      readonly primary: string | undefined;
      /** how many sentinels there are */
      readonly sentinels: number;
    }
  /** another primary is being followed, or the old one has been fenced */
  | { readonly is: 'left' }
  | { readonly is: 'late'; readonly now: Instant };

type Heard = Extract<HoldInput, { is: 'event' }>;

const NOBODY: ReadonlySet<string> = new Set();
export const OPEN: Hold = { at: 'open', missedBy: NOBODY, spent: false };

/** From the agreement to the choice it takes Sentinel 0.15 to 0.3 s; where nothing is chosen in this time, writes go on. */
export const SUSPECTING_MS = 1_000;
/** One that was not elected makes room for one that was. */
const NOT_ELECTED = '-failover-abort-not-elected';

/** Pure; the same object comes back where nothing changes. */
export function transition(hold: Hold, input: HoldInput, maxMs: number): Hold {
  switch (input.is) {
    case 'event':
      return onEvent(hold, input, maxMs);
    case 'left':
      return hold.at === 'open' && hold.missedBy.size === 0 ? hold : OPEN;
    case 'late':
      return hold.at !== 'open' && input.now >= hold.untilAtMost ? opened(hold) : hold;
  }
}

function onEvent(hold: Hold, heard: Heard, maxMs: number): Hold {
  const { event, by, primary } = heard;
  switch (event.is) {
    case 'down':
      return endpointKey(event.master) === primary ? missed(hold, heard, event.agreed, maxMs) : hold;
    case 'up':
      return endpointKey(event.master) === primary ? found(hold, heard, event.agreed) : hold;
    case 'aborted':
      if (hold.at === 'suspecting' && event.step !== NOT_ELECTED) return opened(hold);
      return hold.at === 'holding' && hold.by === by ? opened(hold) : hold;
    case 'selected':
      return chosen(hold, event.replica, heard, maxMs);
    default:
      return hold;
  }
}

function chosen(hold: Hold, replica: Endpoint, { by, now, primary }: Heard, maxMs: number): Hold {
  // An announcement that comes after the switch was followed already is about the past.
  if (endpointKey(replica) === primary) return hold;
  const { missedBy, spent } = hold;
  const next = { at: 'holding', by, replica, untilAtMost: now + maxMs, missedBy, spent } as const;
  if (hold.at !== 'holding') return { ...next, since: now };
  // A failover that is begun anew, after its first leader died half-way, has its own time.
  const isSame = hold.by === by && endpointKey(hold.replica) === endpointKey(replica);
  return isSame ? hold : { ...next, since: hold.since };
}

/** One sentinel more. A single one that misses the master may be the one that is cut off. */
function missed(hold: Hold, { by, now, sentinels }: Heard, agreed: boolean, maxMs: number): Hold {
  const missedBy = hold.missedBy.has(by) ? hold.missedBy : new Set(hold.missedBy).add(by);
  const enough = agreed || isMost(missedBy, sentinels);
  if (hold.at !== 'open' || hold.spent || !enough)
    return missedBy === hold.missedBy ? hold : { ...hold, missedBy };
  const untilAtMost = now + Math.min(SUSPECTING_MS, maxMs);
  return { at: 'suspecting', since: now, untilAtMost, missedBy, spent: true };
}

function found(hold: Hold, { by, sentinels }: Heard, agreed: boolean): Hold {
  if (agreed) return hold.at === 'suspecting' ? opened(hold) : hold;
  if (!hold.missedBy.has(by)) return hold;
  const missedBy = new Set(hold.missedBy);
  missedBy.delete(by);
  const next = { ...hold, missedBy, spent: hold.spent && missedBy.size > 0 };
  return hold.at === 'suspecting' && !isMost(missedBy, sentinels) ? opened(next) : next;
}

function isMost(missedBy: ReadonlySet<string>, sentinels: number): boolean {
  return missedBy.size > sentinels / 2;
}

function opened({ missedBy, spent }: Hold): Hold {
  return { at: 'open', missedBy, spent };
}
