import {
  describeError,
  describeSearch,
  endpointKey,
  HaError,
  isFinal,
  lagOf,
  pickReader,
  primaryOf,
  type Clock,
  type Endpoint,
  type Epoch,
  type Lag,
  type PositionLog,
  type Random,
  type ReadCandidate,
  type ReadWish,
  type Seat,
} from '@steadfast/shared';
import type { LeaseRequest } from '../pool/lease.ts';
import { mayBeRotating, type PasswordReader } from '../pool/rotating-password.ts';
import type { ReadMember } from './member-state.ts';
import type { ReadWatch } from './read-watch.ts';
import { shownTimeline } from './standing.ts';
import type { WalPosition } from './wal-position.ts';

export type Choice =
  | { readonly at: 'member'; readonly endpoint: Endpoint }
  /** `forReplica`: for one to get to the token; the primary will do later. `forPrimary`: for one as new as the token */
  | { readonly at: 'wait'; readonly forReplica?: boolean; readonly forPrimary?: boolean }
  | { readonly at: 'fail'; readonly error: HaError };

export interface ChooserOptions extends PasswordReader {
  monitor: Seat;
  watch: ReadWatch;
  clock: Clock;
  random: Random;
  wish: ReadWish;
  /** a primary whose sessions may not write unless they ask counts as a standby (`read-only`) */
  readOnlyPrimary: boolean;
  /** somebody else (a balancer's checks) answers for standbys being on the primary's way */
  vouched: boolean;
  /** the server that is followed may be a standby (`single`), and then counts as one */
  asItIs: boolean;
  load: (endpoint: Endpoint) => number;
}

/** How far a standby has replayed, and what. */
export interface Place {
  readonly position: number;
  /** the timeline that it is known to be on */
  readonly timeline: number | undefined;
}

/** A member as this moment shows it. */
interface Candidate extends ReadCandidate {
  /** undefined: it is the primary */
  readonly place: Place | undefined;
}

/** Which member answers a read now, by what the watch and the topology know; nothing is asked here. */
export class Chooser {
  readonly #options: ChooserOptions;

  constructor(options: ChooserOptions) {
    this.#options = options;
  }

  /**
   * @param tried members that have failed this call
   * @param impatient the token has been waited for long enough: the primary will do
   */
  choose({ after }: LeaseRequest, tried: ReadonlySet<string>, impatient: boolean): Choice {
    const { monitor, watch, wish, random } = this.#options;
    if (watch.closed) return { at: 'fail', error: watch.closed };
    const all = this.#candidates();
    const untried = all.filter(({ endpoint }) => !tried.has(endpointKey(endpoint)));
    const error = all.length === 0 ? this.#refusal() : undefined;
    if (error && !mayBeRotating(error, this.#options)) return { at: 'fail', error };
    if (!after) {
      const picked = pickReader(untried, wish, random);
      return picked && !this.#isEarly(picked) ? { at: 'member', endpoint: picked.endpoint } : { at: 'wait' };
    }
    const { epoch } = monitor.topology;
    if (epoch !== undefined && after.timeline > epoch) return { at: 'wait', forPrimary: true };
    const reached = untried.filter((each) => hasReached(each.place, after, epoch, watch.log));
    const patient = wish.prefer === 'prefer-standby' && !impatient;
    const picked = pickReader(reached, patient ? { ...wish, prefer: 'standby' } : wish, random);
    return picked ? { at: 'member', endpoint: picked.endpoint } : { at: 'wait', forReplica: patient };
  }

  /** The error of a read that found nobody in time. */
  nobody({ deadline, after }: LeaseRequest): HaError {
    const { monitor, watch } = this.#options;
    const refusal = this.#refusal();
    if (refusal) return refusal;
    const { epoch } = monitor.topology;
    const within = `within ${Math.round(deadline.totalMs)} ms`;
    const members = watch.members().map((member) => this.#describe(member));
    const seen = members.length === 0 ? this.#search() : members.join(', ');
    if (after && epoch !== undefined && after.timeline > epoch) {
      const message = `the token is of timeline ${after.timeline}, and no primary newer than timeline ${epoch} was found ${within}`;
      return new HaError('HA_STALE_PRIMARY', `${message}: ${seen}`, { outcome: 'notSent' });
    }
    const what = after ? 'server that may answer reads has got to the token' : 'server may answer reads';
    return new HaError('HA_NO_REPLICA', `no ${what} ${within}: ${seen}`, { outcome: 'notSent' });
  }

  /** How far behind a member is, where it can be told. */
  lagOf(member: ReadMember): Lag | undefined {
    const { watch, clock } = this.#options;
    const { state } = member;
    return state.at === 'answering' && state.standing.role === 'replica'
      ? lagOf(watch.log, state.standing.position, clock.now())
      : undefined;
  }

  /** Before the first look is over, somebody better may still be about to answer. */
  #isEarly({ role }: Candidate): boolean {
    const { watch, wish } = this.#options;
    const secondBest = wish.order === 'listed' || (role === 'primary' && wish.prefer === 'prefer-standby');
    return secondBest && !watch.complete;
  }

  #candidates(): Candidate[] {
    const { monitor, watch, load, readOnlyPrimary, vouched, asItIs } = this.#options;
    const { topology } = monitor;
    const primary = primaryOf(topology);
    const primaryKey = primary && endpointKey(primary.endpoint);
    return watch.members().flatMap((member): Candidate[] => {
      const { endpoint, state } = member;
      const standing = state.at === 'answering' ? state.standing : undefined;
      if (state.at === 'ejected') return [];
      if (endpointKey(endpoint) === primaryKey && !(asItIs && standing?.role === 'replica')) {
        const role = readOnlyPrimary && standing?.readOnly ? 'replica' : 'primary';
        return [{ endpoint, role, lag: { bytes: 0, ms: 0 }, load: load(endpoint), place: undefined }];
      }
      const lag = this.lagOf(member);
      if (!lag || !standing || !(vouched || watch.isFollowing(member))) return [];
      const timeline = vouched || asItIs ? shownTimeline(standing) : topology.epoch;
      const place = { position: standing.position, timeline };
      return [{ endpoint, role: 'replica', lag, load: load(endpoint), place }];
    });
  }

  /** Everybody refuses us for a reason that waiting would only hide, but for a password that is about to be read anew. */
  #refusal(): HaError | undefined {
    const { monitor, watch } = this.#options;
    const { trouble, topology } = monitor;
    if (watch.members().length === 0 && topology.generation === 0 && isFinal(trouble)) return trouble;
    if (!watch.complete) return undefined;
    const errors = watch.members().map(({ state }) => (state.at === 'ejected' ? state.error : undefined));
    const final = errors.filter(isFinal);
    return final.length === errors.length ? final[0] : undefined;
  }

  /** Why there is no primary, either: without members of their own reads go to that alone. */
  #search(): string {
    const { topology, trouble } = this.#options.monitor;
    const because = trouble === undefined ? '' : `; last error: ${describeError(trouble)}`;
    return `no primary (${describeSearch(topology)}${because})`;
  }

  #describe(member: ReadMember): string {
    const key = endpointKey(member.endpoint);
    const { state } = member;
    const { vouched, watch } = this.#options;
    if (state.at === 'unasked') return `${key} has not answered yet`;
    if (state.at === 'ejected') return `${key} (${state.error.message})`;
    const lag = this.lagOf(member);
    if (!lag) return `${key} ${state.standing.role}`;
    if (!vouched && !watch.isFollowing(member)) return `${key} replica, not seen to follow the primary`;
    const age = Number.isFinite(lag.ms) ? `${Math.round(lag.ms)} ms` : 'an unknown time';
    return `${key} replica, ${lag.bytes} bytes and ${age} behind`;
  }
}

/**
 * Pure: whether a server holds everything that was committed before the token, as far as anybody does. A primary (no place)
 * of the same or a newer timeline does. Of a timeline that has ended only what came over to the next one is left, and that lies
 * before the place where its primary was first seen. A standby on a timeline that ended before the token's began gets to the
 * same positions with what no longer counts.
 */
export function hasReached(
  place: Place | undefined,
  token: WalPosition,
  epoch: Epoch | undefined,
  log: Pick<PositionLog, 'epoch' | 'begin'>,
): boolean {
  if (place === undefined) return true;
  const { position, timeline = 0 } = place;
  if (token.timeline > 1 && !(timeline >= token.timeline)) return false;
  // Until the new primary has been looked at, the log is that of the one before.
  if (epoch !== undefined && token.timeline !== 0 && token.timeline < epoch)
    return log.epoch === epoch && position >= log.begin;
  return position >= token.lsn;
}
