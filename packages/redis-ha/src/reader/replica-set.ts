import {
  backoffMs,
  EMPTY_POSITION_LOG,
  endpointKey,
  lagOf,
  noteReached,
  notePosition,
  pickReader,
  primaryOf,
  type Endpoint,
  type Instant,
  type Lag,
  type PositionLog,
  type ReadCandidate,
  type ReadWish,
  type Timer,
} from '@steadfast/shared';
import type { DriverCommand } from '../commands/command.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { Settings } from '../options/settings.ts';
import { textOf } from '../wire/reply.ts';
import { ReplicaLink } from './replica-link.ts';
import { readReplication, type ReplicationInfo } from './replication-info.ts';

export interface ReplicaSetOptions {
  settings: Settings;
  group: () => ReplicationGroup;
  /** a read that a replica has not answered: it goes to the primary */
  unanswered: (command: DriverCommand) => void;
}

/** How a replica fares, for the curious. */
export interface ReplicaStatus {
  readonly endpoint: Endpoint;
  /** its data are at most so old; Infinity where that is not known */
  readonly lagMs: number;
  /** it would be given reads now */
  readonly serves: boolean;
}

/** Positions are asked for so often per `readerMaxLagMs`. */
const ASKS = 4;
/** Members are looked after at least so often, however old data may be: one that has come back serves soon. */
const LOOK_MS = 250;
/** Nobody has read for so long: nothing is asked any more. */
const IDLE_MS = 10_000;
/** Pauses before a replica that failed is dialled again. */
const EJECTED = { minMs: 250, maxMs: 30_000 };

/**
 * - `linking`: it is being dialled
 * - `serving`: reads may go there, as far as it is fresh enough
 * - `ejected`: it has failed, and is left alone until `until`
 */
type MemberState =
  | { readonly at: 'linking'; readonly link: ReplicaLink }
  | { readonly at: 'serving'; readonly link: ReplicaLink }
  | { readonly at: 'ejected'; readonly until: Instant };

/** A replica, what it last said of itself, and whether it is being asked. */
class ReplicaMember implements ReadCandidate {
  readonly role = 'replica';
  readonly endpoint: Endpoint;
  readonly #lag: (info: ReplicationInfo | undefined) => Lag;
  state: MemberState = { at: 'ejected', until: -Infinity };
  info: ReplicationInfo | undefined;
  failures = 0;
  asking = false;

  constructor(endpoint: Endpoint, lag: (info: ReplicationInfo | undefined) => Lag) {
    this.endpoint = endpoint;
    this.#lag = lag;
  }

  get lag(): Lag {
    return this.#lag(this.info);
  }

  get load(): number {
    return this.state.at === 'serving' ? this.state.link.inFlight : Infinity;
  }
}

/**
 * The replicas of a group, each with a connection, and how old their data are. The primary's offset is noted again and again,
 * with the time of our own clock; a replica that has applied what the primary had then is at most that old. Nothing is opened
 * or asked while nobody reads.
 */
export class ReplicaSet {
  readonly #options: ReplicaSetOptions;
  readonly #wish: ReadWish;
  readonly #members = new Map<string, ReplicaMember>();
  #log: PositionLog = EMPTY_POSITION_LOG;
  #replid: string | undefined;
  #timer: Timer | undefined;
  #usedAt: Instant = -Infinity;
  #askedAt: Instant = -Infinity;
  #askingPrimary = false;

  constructor(options: ReplicaSetOptions) {
    this.#options = options;
    const { readerMaxLagMs } = options.settings.ha;
    this.#wish = { prefer: 'standby', maxLagMs: readerMaxLagMs, order: 'random' };
  }

  /** Whom a read goes to now; undefined: to the primary. */
  pick(): ReplicaLink | undefined {
    const { clock, random } = this.#options.settings;
    if (this.#options.group().monitor.state === 'closed') return undefined;
    this.#usedAt = clock.now();
    if (!this.#timer) this.#look();
    const serving = [...this.#members.values()].filter(({ state }) => state.at === 'serving');
    const picked = pickReader(serving, this.#wish, random);
    return picked?.state.at === 'serving' ? picked.state.link : undefined;
  }

  get statuses(): ReplicaStatus[] {
    const { readerMaxLagMs } = this.#options.settings.ha;
    return [...this.#members.values()].map(({ endpoint, lag, state }) => {
      return { endpoint, lagMs: lag.ms, serves: state.at === 'serving' && lag.ms <= readerMaxLagMs };
    });
  }

  /** A primary is followed whose links may lead to what is no replica any more. */
  topologyChanged(): void {
    if (this.#timer) this.#members.forEach((member) => this.#leaveIfPrimary(member));
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#askedAt = -Infinity;
    // Whoever opens it again may do so in another group, whose generations begin anew.
    this.#log = EMPTY_POSITION_LOG;
    this.#replid = undefined;
    for (const key of [...this.#members.keys()]) this.#forget(key, 'the client was closed');
  }

  #look(): void {
    const { clock, ha } = this.#options.settings;
    const now = clock.now();
    if (now - this.#usedAt > IDLE_MS) return this.close();
    const askMs = ha.readerMaxLagMs / ASKS;
    const lookMs = Math.min(askMs, LOOK_MS);
    this.#timer = clock.timer(lookMs, () => this.#look(), { background: true });
    this.#follow();
    // Where no replica is known (a lone server, a provider's name) nobody has to be asked either.
    if (this.#members.size === 0) return;
    // Half a look of grace: timers are coarser than the clock.
    const due = now - this.#askedAt > askMs - lookMs / 2;
    if (due) this.#askedAt = now;
    if (due || this.#log.epoch !== this.#generation) void this.#askPrimary();
    for (const member of this.#members.values()) {
      const { state, lag } = member;
      // One that is not fresh enough may be soon: whoever reads should not have to wait for the next round.
      const ask = due || lag.ms > ha.readerMaxLagMs;
      if (state.at === 'serving' && ask) void this.#ask(member, state.link);
      if (state.at === 'ejected' && now >= state.until) this.#open(member);
    }
  }

  get #generation(): number {
    return this.#options.group().monitor.topology.generation;
  }

  /** Members come and go. */
  #follow(): void {
    const { topology } = this.#options.group().monitor;
    const primary = primaryOf(topology);
    for (const [key, { endpoint }] of topology.members) {
      const leads = primary !== undefined && key === endpointKey(primary.endpoint);
      if (!leads && !this.#members.has(key)) this.#members.set(key, this.#member(endpoint));
    }
    for (const [key, member] of this.#members) {
      if (!topology.members.has(key)) this.#forget(key, 'it is no longer listed');
      else this.#leaveIfPrimary(member);
    }
  }

  #member(endpoint: Endpoint): ReplicaMember {
    const lag = (info: ReplicationInfo | undefined): Lag =>
      info?.linked && info.replid === this.#replid
        ? lagOf(this.#log, info.offset, this.#options.settings.clock.now())
        : { bytes: Infinity, ms: Infinity };
    return new ReplicaMember(endpoint, lag);
  }

  #leaveIfPrimary({ endpoint }: ReplicaMember): void {
    const primary = primaryOf(this.#options.group().monitor.topology);
    const key = endpointKey(endpoint);
    if (primary && endpointKey(primary.endpoint) === key) this.#forget(key, 'it is the primary now');
  }

  #forget(key: string, why: string): void {
    const member = this.#members.get(key);
    this.#members.delete(key);
    if (member && member.state.at !== 'ejected') member.state.link.cut(why);
  }

  #open(member: ReplicaMember): void {
    const { settings, group, unanswered } = this.#options;
    const { clock, random } = settings;
    const link = new ReplicaLink(member.endpoint, settings, {
      unanswered,
      ready: () => {
        member.state = { at: 'serving', link };
        void this.#ask(member, link);
      },
      ended: (why) => {
        if (member.state.at === 'ejected' || member.state.link !== link) return;
        const pauseMs = backoffMs(EJECTED, member.failures++, random);
        member.state = { at: 'ejected', until: clock.now() + pauseMs };
        member.info = undefined;
        const about = { event: 'replica-ejected', member: endpointKey(member.endpoint), error: why, pauseMs };
        group().log.debug(about, 'reads go elsewhere');
      },
    });
    member.state = { at: 'linking', link };
  }

  async #askPrimary(): Promise<void> {
    const { group, settings } = this.#options;
    const { monitor, side } = group();
    const primary = primaryOf(monitor.topology);
    if (!primary || this.#askingPrimary) return;
    const { generation } = monitor.topology;
    const at = settings.clock.now();
    this.#askingPrimary = true;
    try {
      const [reply] = await side.ask(primary.endpoint, [['INFO', 'replication']]);
      const info = readReplication(textOf(reply));
      if (info?.role !== 'primary' || monitor.topology.generation !== generation) return;
      if (group().monitor !== monitor) return;
      // Offsets count in the history of one primary.
      if (info.replid !== this.#replid) this.#log = EMPTY_POSITION_LOG;
      this.#replid = info.replid;
      this.#log = notePosition(this.#log, generation, info.offset, at);
    } catch {
      // Whoever is in trouble there hears of it from the client itself; here the replicas grow old.
    } finally {
      this.#askingPrimary = false;
    }
  }

  /** Asked on the connection that reads go through, which ends where no answer comes: it is of no use to them either. */
  async #ask(member: ReplicaMember, link: ReplicaLink): Promise<void> {
    if (member.asking) return;
    member.asking = true;
    try {
      const info = readReplication(await link.info('replication'));
      if (!info || info.role === 'primary') return link.cut('it is no replica any more');
      member.info = info;
      member.failures = 0;
      if (info.replid === this.#replid) this.#log = noteReached(this.#log, info.offset);
    } catch {
      // The link has ended, and says so itself.
    } finally {
      member.asking = false;
    }
  }
}
