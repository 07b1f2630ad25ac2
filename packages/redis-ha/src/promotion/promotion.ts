import { endpointKey, type Endpoint, type Epoch, type Instant } from '@steadfast/shared';
import type { SentinelEvent } from '../discovery/sentinel-event.ts';

/** A failover as its leader has announced it. */
interface Announcement {
  readonly leader: string;
  readonly epoch: Epoch;
  readonly replica: Endpoint;
  readonly untilAtMost: Instant;
}

/**
 * A failover that is followed before Sentinel announces its end.
 * - `announced`: elected, and the replica is named; it is asked, fast, whether it is master yet
 * - `followed`: it said so, and is followed, while the sentinels have not recorded it; `back` is the epoch they had before
 */
export type Promotion =
  | { readonly at: 'none'; readonly because: 'nothing' | 'confirmed' | 'aborted' | 'demoted' | 'late' }
  | ({ readonly at: 'announced' } & Announcement)
  | ({
      readonly at: 'followed';
      readonly since: Instant;
      readonly back: Epoch | undefined;
    } & Announcement);

/** What one sentinel has published since its epoch began. */
interface Heard {
  readonly epoch: Epoch;
  /** it votes for the sentinel of this id, in this epoch */
  readonly vote?: string | undefined;
  readonly elected: boolean;
  readonly replica?: Endpoint | undefined;
  /** it misses the master itself */
  readonly down: boolean;
}

export interface Course {
  readonly heard: ReadonlyMap<string, Heard>;
  readonly promotion: Promotion;
}

/** What is known beside the notifications. */
export interface Known {
  readonly now: Instant;
  /** the highest epoch of the topology */
  readonly epoch: Epoch | undefined;
  readonly primary: string | undefined;
  /** how many sentinels there are */
  readonly sentinels: number;
}

export type PromotionInput =
  | { readonly is: 'event'; readonly by: string; readonly event: SentinelEvent }
  /** the member has said itself that it is master */
  | { readonly is: 'promoted'; readonly endpoint: Endpoint }
  /** … that it is a replica, when asked at `at` */
  | { readonly is: 'demoted'; readonly endpoint: Endpoint; readonly at: Instant }
  /** the sentinels have been asked, and name somebody */
  | { readonly is: 'named'; readonly epoch: Epoch }
  | { readonly is: 'late' };

export const NOTHING_HEARD: Course = { heard: new Map(), promotion: { at: 'none', because: 'nothing' } };

/** Sentinel's steps take about a second; what lasts longer than this has gone wrong. */
export const UNCONFIRMED_MS = 10_000;
/** More publishers than any group has sentinels. */
const MAX_HEARD = 32;
const SILENT: Heard = { epoch: -1, elected: false, down: false };

/** What was followed has come to nothing: the way from one to the other leads back. */
export function isWithdrawn(from: Promotion, to: Promotion): from is Promotion & { at: 'followed' } {
  return from.at === 'followed' && to.at !== 'followed' && !(to.at === 'none' && to.because === 'confirmed');
}

/** Pure; the same object comes back where nothing changes. */
export function advance(course: Course, input: PromotionInput, known: Known): Course {
  const { promotion } = course;
  switch (input.is) {
    case 'event':
      return onEvent(course, input.by, input.event, known);
    case 'promoted': {
      if (promotion.at !== 'announced' || !isSame(promotion.replica, input.endpoint)) return course;
      const { now: since, epoch: back } = known;
      if ((back ?? -1) >= promotion.epoch) return ended(course, 'confirmed'); // it is on record already
      const untilAtMost = since + UNCONFIRMED_MS;
      return { ...course, promotion: { ...promotion, at: 'followed', since, back, untilAtMost } };
    }
    case 'demoted': {
      // What it was asked before says what it was.
      const counts = promotion.at === 'followed' && input.at > promotion.since;
      return counts && isSame(promotion.replica, input.endpoint) ? ended(course, 'demoted') : course;
    }
    case 'named':
      return promotion.at !== 'none' && input.epoch >= promotion.epoch ? ended(course, 'confirmed') : course;
    case 'late':
      return promotion.at !== 'none' && known.now >= promotion.untilAtMost ? ended(course, 'late') : course;
  }
}

function onEvent(course: Course, by: string, event: SentinelEvent, known: Known): Course {
  const { promotion } = course;
  if (promotion.at !== 'none') {
    if (event.is === 'aborted' && promotion.leader === by)
      return { heard: listen(course.heard, by, event), promotion: { at: 'none', because: 'aborted' } };
    if (event.is === 'switched' && isSame(event.to, promotion.replica))
      return { heard: listen(course.heard, by, event), promotion: { at: 'none', because: 'confirmed' } };
  }
  const heard = listen(course.heard, by, event);
  if (heard === course.heard) return course;
  const announced = announcement(heard, known);
  const epoch = promotion.at === 'none' ? known.epoch : promotion.epoch;
  const isNews = announced && announced.epoch > (epoch ?? -1);
  return { heard, promotion: isNews ? { at: 'announced', ...announced } : promotion };
}

/** One more notification of one sentinel. A higher epoch ends whatever it had begun before. */
function listen(
  heard: ReadonlyMap<string, Heard>,
  by: string,
  event: SentinelEvent,
): ReadonlyMap<string, Heard> {
  const before = heard.get(by) ?? SILENT;
  const next = hear(before, event);
  if (next === before || (!heard.has(by) && heard.size >= MAX_HEARD)) return heard;
  return new Map(heard).set(by, next);
}

function hear(before: Heard, event: SentinelEvent): Heard {
  switch (event.is) {
    case 'epoch':
      return begin(before, event.epoch);
    case 'vote':
      return { ...begin(before, event.epoch), vote: event.leader };
    case 'elected':
      return { ...before, elected: true };
    case 'selected':
      return { ...before, replica: event.replica };
    case 'aborted':
      return { ...before, elected: false, replica: undefined };
    case 'switched':
      return { ...before, elected: false, replica: undefined, down: false };
    case 'down':
    case 'up':
      // That fewer others miss the master says nothing of whether it does itself.
      return event.is === 'up' && event.agreed ? before : { ...before, down: event.is === 'down' };
    case 'other':
      return before;
  }
}

function begin(before: Heard, epoch: Epoch): Heard {
  return epoch > before.epoch ? { epoch, elected: false, down: before.down } : before;
}

/** The failover of the highest epoch whose leader is believed. */
function announcement(heard: ReadonlyMap<string, Heard>, known: Known): Announcement | undefined {
  let best: Announcement | undefined;
  for (const [leader, { epoch, elected, replica }] of heard) {
    if (!elected || !replica || epoch <= (known.epoch ?? -1) || epoch <= (best?.epoch ?? -1)) continue;
    if (endpointKey(replica) === known.primary || !isSupported(heard, leader, known)) continue;
    best = { leader, epoch, replica, untilAtMost: known.now + UNCONFIRMED_MS };
  }
  return best;
}

/**
 * A majority voted for it. Nobody votes where an operator asks for a failover: then the leader's word counts, unless it misses
 * the master, since one that is cut off and lies about its election could not be told from that.
 */
function isSupported(heard: ReadonlyMap<string, Heard>, leader: string, known: Known): boolean {
  const leading = heard.get(leader);
  if (!leading) return false;
  const votes = [...heard.values()].filter(({ epoch, vote }) => epoch === leading.epoch && vote === leader);
  return votes.length > known.sentinels / 2 || !leading.down;
}

function ended(course: Course, because: 'confirmed' | 'demoted' | 'late'): Course {
  return { ...course, promotion: { at: 'none', because } };
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return endpointKey(a) === endpointKey(b);
}
