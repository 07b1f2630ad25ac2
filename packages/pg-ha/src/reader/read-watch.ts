import {
  asError,
  backoffMs,
  EMPTY_POSITION_LOG,
  endpointKey,
  isHaError,
  noteReached,
  notePosition,
  primaryOf,
  sameEndpoint,
  WaitQueue,
  whyForeign,
  type Clock,
  type Deadline,
  type Endpoint,
  type Epoch,
  type HaError,
  type Instant,
  type Seat,
  type PositionLog,
  type Random,
  type Timer,
} from '@steadfast/shared';
import type { Who } from '../dial/dial-context.ts';
import { refusal } from '../dial/primary-target.ts';
import type { Observe } from '../dial/identity.ts';
import type { ProbeLines } from '../discovery/probe-lines.ts';
import { dialError } from '../errors/dial-error.ts';
import { mayBeRotating, REREAD_MS, type PasswordReader } from '../pool/rotating-password.ts';
import { answered, EJECTION, failed, follows, type MemberState, type ReadMember } from './member-state.ts';
import { readStanding, type Standing } from './standing.ts';

export interface ReadWatchOptions extends PasswordReader {
  monitor: Seat;
  clock: Clock;
  random: Random;
  lines: ProbeLines;
  who: Who;
  /** the members that may answer reads, beside the primary; undefined: all that the topology names */
  replicas: readonly Endpoint[] | undefined;
  observe: Observe;
  /** pause between two looks, jittered, ms */
  refreshMs: number;
  /** longest such pause while a call waits for a member to qualify, ms */
  hurriedMaxMs: number;
  /** one look at one member, ms */
  probeTimeoutMs: number;
  maxWaiting: number;
}

/** Without a read for so long the looking stops, and all is forgotten. */
const IDLE_MS = 30_000;

const REREAD = { minMs: REREAD_MS, maxMs: REREAD_MS };

/** First pause while a call waits: a standby applies what it receives within milliseconds. */
const HURRIED_MIN_MS = 10;

/**
 * Looks at the members that may answer reads, for as long as anybody reads: who answers, how far each has replayed. Callers
 * never wait for a look at a member, only for one to qualify.
 */
export class ReadWatch {
  readonly #options: ReadWatchOptions;
  readonly #states = new Map<string, MemberState>();
  readonly #asking = new Set<string>();
  readonly #news: WaitQueue<void>;
  #log: PositionLog = EMPTY_POSITION_LOG;
  #timer: Timer | undefined;
  #usedAt: Instant = -Infinity;
  /** looks since a call has begun to wait; undefined while none does */
  #hurried: number | undefined;
  #state: 'idle' | 'looking' | 'closed' = 'idle';
  #closed: HaError | undefined;

  constructor(options: ReadWatchOptions) {
    this.#options = options;
    this.#news = new WaitQueue(options.clock, options.maxWaiting, 'a server that may answer reads');
    options.monitor.onChange(() => this.#look());
  }

  /** Where the primary's log was, and when. */
  get log(): PositionLog {
    return this.#log;
  }

  /** The error of every read since the pool was ended. */
  get closed(): HaError | undefined {
    return this.#closed;
  }

  /** Somebody wants to read: starts the looking, or keeps it up. */
  use(): void {
    this.#usedAt = this.#options.clock.now();
    if (this.#state !== 'idle') return;
    this.#state = 'looking';
    this.#options.monitor.start();
    this.#look();
  }

  /** Somebody wants to know who would answer: what reads have begun goes on, so that he hears no less than they would. */
  keepUp(): void {
    if (this.#usedAt !== -Infinity && !this.#closed) this.use();
  }

  /** The members that may answer reads, in the order that configuration or the control plane gives them. */
  members(): ReadMember[] {
    return this.#endpoints().map((endpoint) => ({ endpoint, state: this.stateOf(endpoint) }));
  }

  stateOf(endpoint: Endpoint): MemberState {
    return this.#states.get(endpointKey(endpoint)) ?? { at: 'unasked' };
  }

  /** Whether a standby is known to be on the way of the primary that is followed. */
  isFollowing({ endpoint, state }: ReadMember): boolean {
    const { topology } = this.#options.monitor;
    const primary = primaryOf(topology)?.endpoint;
    const isOther = (other: Endpoint): boolean =>
      !sameEndpoint(other, endpoint) && !(primary && sameEndpoint(other, primary));
    return follows(state, topology.epoch, () =>
      this.#endpoints()
        .filter(isOther)
        .map((other) => this.stateOf(other)),
    );
  }

  /** Whether each member has been heard of, one way or another. */
  get complete(): boolean {
    const members = this.members();
    return members.length > 0 && members.every(({ state }) => state.at !== 'unasked');
  }

  /** Something speaks against a member: look at it now. */
  suspect(endpoint: Endpoint): void {
    if (this.#state === 'looking') void this.#ask(endpoint);
  }

  /** A dial there failed: it gets no more work until a look has succeeded. */
  eject(endpoint: Endpoint, error: HaError): void {
    const { clock, random } = this.#options;
    const pauses = mayBeRotating(error, this.#options) ? REREAD : EJECTION;
    this.#set(endpoint, failed(this.stateOf(endpoint), error, clock.now(), random, pauses));
  }

  /**
   * Resolves when anything is learnt about any member.
   * @throws HaError what `expired` gives at the deadline, HA_QUEUE_FULL, HA_ABORTED, HA_CLOSED
   */
  whenNews(deadline: Deadline, signal: AbortSignal | undefined, expired: () => HaError): Promise<void> {
    const news = this.#news.wait({ deadline, signal, expired });
    if (this.#hurried === undefined) {
      this.#hurried = 0;
      this.#schedule();
    }
    return news;
  }

  /** Whoever waits ends with this error, and so does whoever comes. The looking goes on until it is closed. */
  endWaiting(closed: () => HaError): void {
    this.#closed = closed();
    this.#news.rejectAll(closed);
  }

  close(): void {
    this.#state = 'closed';
    this.#timer?.cancel();
    this.#options.lines.close();
  }

  #endpoints(): Endpoint[] {
    const { monitor, replicas } = this.#options;
    const primary = primaryOf(monitor.topology)?.endpoint;
    if (!replicas) return [...monitor.topology.members.values()].map(({ endpoint }) => endpoint);
    return primary ? [...replicas, primary] : [...replicas];
  }

  #look(): void {
    if (this.#state !== 'looking') return;
    const now = this.#options.clock.now();
    if (this.#news.size > 0) this.#hurried = (this.#hurried ?? 0) + 1;
    else this.#hurried = undefined;
    if (this.#hurried === undefined && now - this.#usedAt > IDLE_MS) return this.#rest();
    const endpoints = this.#endpoints();
    const keys = new Set(endpoints.map(endpointKey));
    for (const key of this.#states.keys()) if (!keys.has(key)) this.#states.delete(key);
    for (const endpoint of endpoints) {
      const state = this.stateOf(endpoint);
      const due =
        state.at !== 'ejected' || state.until <= now || this.#hasAnsweredOthers(endpoint, state.since);
      if (due) void this.#ask(endpoint);
    }
    this.#news.releaseAll(undefined); // who is listed may have changed
    this.#schedule();
  }

  #schedule(): void {
    if (this.#state !== 'looking') return;
    const { clock, random, refreshMs, hurriedMaxMs } = this.#options;
    const hurried = this.#hurried;
    const pause =
      hurried === undefined
        ? backoffMs({ minMs: refreshMs, maxMs: refreshMs }, 0, random)
        : backoffMs({ minMs: HURRIED_MIN_MS, maxMs: hurriedMaxMs, factor: 1.5 }, hurried, random);
    this.#timer?.cancel();
    // While somebody waits the process must stay up; otherwise looking must not keep it alive.
    this.#timer = clock.timer(pause, () => this.#look(), { background: hurried === undefined });
  }

  #rest(): void {
    this.#state = 'idle';
    this.#timer?.cancel();
    this.#states.clear();
    this.#log = EMPTY_POSITION_LOG;
    this.#options.lines.rest();
  }

  async #ask(endpoint: Endpoint): Promise<void> {
    const key = endpointKey(endpoint);
    if (this.#asking.has(key)) return;
    this.#asking.add(key);
    const { clock, lines, monitor, probeTimeoutMs: timeoutMs, who } = this.#options;
    const asked = { at: clock.now(), epoch: monitor.topology.epoch };
    try {
      const standing = await lines.ask(endpoint, { timeoutMs, patienceMs: timeoutMs }, readStanding);
      this.#heard(endpoint, standing, asked);
    } catch (error) {
      const failure = isHaError(error) ? error : dialError(asError(error), endpoint, who);
      if (this.#state === 'looking') this.eject(endpoint, failure);
    } finally {
      this.#asking.delete(key);
    }
    // Who was asked under the epoch before may have answered as it was then.
    const outdated = monitor.topology.epoch !== asked.epoch;
    // It was its link that hung: what heals does not wake that.
    const hung = this.stateOf(endpoint).at === 'ejected' && this.#hasAnsweredOthers(endpoint, asked.at);
    if ((outdated || hung) && this.#state === 'looking') void this.#ask(endpoint);
  }

  /** Whether the monitor has asked a member since, and was answered. */
  #hasAnsweredOthers(endpoint: Endpoint, since: Instant): boolean {
    const member = this.#options.monitor.topology.members.get(endpointKey(endpoint));
    return member !== undefined && member.role !== 'unknown' && member.observedAt > since;
  }

  #heard(
    endpoint: Endpoint,
    standing: Standing,
    { at, epoch }: { at: Instant; epoch: Epoch | undefined },
  ): void {
    if (this.#state !== 'looking') return;
    const { monitor, observe, replicas } = this.#options;
    const key = endpointKey(endpoint);
    // A member that has become another one than it is known as: the monitor wants to know at once.
    if (!replicas && monitor.topology.members.get(key)?.role !== standing.role)
      monitor.report(observe(endpoint, standing, at));
    const { topology } = monitor;
    const foreign = whyForeign(topology, { clusterId: standing.systemId });
    if (foreign) throw refusal(key, foreign);
    const state = answered(this.stateOf(endpoint), standing, epoch);
    this.#note({ endpoint, state }, standing, at);
    this.#set(endpoint, state);
  }

  /** Positions of a standby that has left the primary's way would make all others look late. */
  #note(member: ReadMember, { role, received, position, timeline }: Standing, at: Instant): void {
    const primary = primaryOf(this.#options.monitor.topology);
    if (role === 'replica') {
      if (this.isFollowing(member)) this.#log = noteReached(this.#log, received);
    } else if (primary && sameEndpoint(primary.endpoint, member.endpoint)) {
      const { epoch } = primary;
      if (epoch === undefined || timeline === epoch) this.#log = notePosition(this.#log, epoch, position, at);
    }
  }

  #set(endpoint: Endpoint, state: MemberState): void {
    this.#states.set(endpointKey(endpoint), state);
    this.#news.releaseAll(undefined);
  }
}
