import { describeError, HaError, type Instant, type Timer, type Topology } from '@steadfast/shared';
import { sendScript } from '../once/send-script.ts';
import type { LockContext } from './acquire.ts';
import type { LockTimes } from './lock-options.ts';
import { EXTEND, RELEASE } from './scripts.ts';

/** A lock that is held, as its holder sees it. */
export interface Lock {
  readonly name: string;
  readonly token: string;
  /** rises with every holder: to be written beside what the lock protects, so that a late holder is refused there */
  readonly fencing: number;
  /** fires when the lock can no longer be trusted; its reason is an HaError `HA_LOCK_LOST` */
  readonly signal: AbortSignal;
  /** Makes it last ttlMs from now. @throws HaError HA_LOCK_LOST, and as any command does */
  extend(): Promise<void>;
  /**
   * Lets it go.
   * @returns whether it was certainly still held; false also where it was, but the answer was lost, and the repeat found it gone
   */
  release(): Promise<boolean>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a lock was got: under which primary, and when the command was sent that got it. */
export interface Acquired {
  readonly token: string;
  readonly fencing: number;
  readonly generation: number;
  readonly sentAt: Instant;
}

/**
 * - `held`: nobody else can have it before `until`
 * - `lost`: it may be somebody else's
 * - `released`
 */
type State =
  | { readonly at: 'held'; readonly until: Instant; readonly expiry: Timer }
  | { readonly at: 'lost'; readonly why: HaError }
  | { readonly at: 'released' };

/** A third of its time: two may fail. */
const RENEWALS = 3;

/** How long the servers' clocks and ours may be trusted to agree on: a little less than the lock's own time. */
function trustedUntil(sentAt: Instant, ttlMs: number): Instant {
  return sentAt + ttlMs - Math.max(10, ttlMs / 100);
}

/** Why what is known now of the primary speaks against a lock that was got under an earlier one; undefined where nothing does. */
function doubtBy(topology: Topology, generation: number): string | undefined {
  if (topology.generation !== generation) return 'the primary has changed since it was acquired';
  return topology.leadership.at === 'following' ? undefined : 'there is no primary';
}

/**
 * Its time is counted on our own monotonic clock from before the command was sent, so that it ends here before it ends there.
 * Replication is asynchronous: a new primary need not know of the lock. So it is given up as soon as the primary is.
 */
export class HeldLock implements Lock {
  readonly name: string;
  readonly token: string;
  readonly fencing: number;
  readonly #context: LockContext;
  readonly #times: LockTimes;
  readonly #acquired: Acquired;
  readonly #lost = new AbortController();
  readonly #stops: readonly (() => void)[];
  #state: State;
  #renewal: Timer | undefined;

  constructor(context: LockContext, name: string, times: LockTimes, acquired: Acquired) {
    this.name = name;
    this.token = acquired.token;
    this.fencing = acquired.fencing;
    this.#context = context;
    this.#times = times;
    this.#acquired = acquired;
    this.#state = this.#heldFrom(acquired.sentAt);
    const { monitor } = context.group();
    this.#stops = [
      monitor.onChange(({ next }) => this.#compare(next)),
      // Nobody extends it any more, and of a change of primary nothing is heard.
      context.onEnd(() => this.#lose('the client has been closed')),
    ];
    this.#renewLater();
    // It may have changed since the lock was asked for.
    this.#compare(monitor.topology);
  }

  get signal(): AbortSignal {
    this.#look();
    return this.#lost.signal;
  }

  async extend(): Promise<void> {
    const { host, keys, clock } = this.#context;
    this.#look();
    if (this.#state.at !== 'held') throw this.#error();
    const sentAt = clock.now();
    const answer = await sendScript(host, EXTEND, keys.slice(0, 1), [this.token, this.#times.ttlMs]);
    if (Number(answer) !== 1) this.#lose('it has expired, or was taken away');
    // It may have been lost or let go while this was under way.
    if (this.#state.at !== 'held') throw this.#error();
    this.#transition(this.#heldFrom(sentAt));
    if (this.signal.aborted) throw this.#error();
  }

  async release(): Promise<boolean> {
    const { host, keys } = this.#context;
    const wasHeld = this.#state.at === 'held';
    if (this.#state.at !== 'released') this.#transition({ at: 'released' });
    const answer = await sendScript(host, RELEASE, keys.slice(0, 1), [this.token]);
    return wasHeld && Number(answer) === 1;
  }

  /** Where the server cannot be told, the lock runs out. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      this.#log(error, 'a lock could not be released, and will run out');
    }
  }

  #heldFrom(sentAt: Instant): State {
    const { clock } = this.#context;
    const until = trustedUntil(sentAt, this.#times.ttlMs);
    const expired = (): void => this.#lose('its time has run out');
    const leftMs = Math.max(0, until - clock.now());
    return { at: 'held', until, expiry: clock.timer(leftMs, expired, { background: true }) };
  }

  /** Where this process was busy its timers are late: whoever asks is told the truth all the same. */
  #look(): void {
    if (this.#state.at === 'held' && this.#context.clock.now() >= this.#state.until)
      this.#lose('its time has run out');
  }

  #compare(topology: Topology): void {
    const doubt = doubtBy(topology, this.#acquired.generation);
    if (doubt !== undefined) this.#lose(doubt);
  }

  #renewLater(): void {
    const { clock } = this.#context;
    const { ttlMs, maxMs } = this.#times;
    const inMs = ttlMs / RENEWALS;
    if (clock.now() + inMs >= this.#acquired.sentAt + maxMs) return;
    this.#renewal = clock.timer(inMs, () => void this.#renew(), { background: true });
  }

  async #renew(): Promise<void> {
    try {
      await this.extend();
    } catch (error) {
      this.#log(error, 'a lock could not be extended');
    }
    if (this.#state.at === 'held') this.#renewLater();
  }

  #lose(why: string): void {
    if (this.#state.at !== 'held') return;
    const message = `the lock ${this.name} can no longer be trusted: ${why}`;
    const error = new HaError('HA_LOCK_LOST', message, { outcome: 'unknown' });
    this.#transition({ at: 'lost', why: error });
    this.#lost.abort(error);
  }

  #transition(next: State): void {
    if (this.#state.at === 'held') this.#state.expiry.cancel();
    this.#state = next;
    if (next.at === 'held') return;
    this.#renewal?.cancel();
    for (const stop of this.#stops) stop();
  }

  #error(): HaError {
    if (this.#state.at === 'lost') return this.#state.why;
    return new HaError('HA_LOCK_LOST', `the lock ${this.name} has been released`, { outcome: 'notSent' });
  }

  #log(error: unknown, message: string): void {
    this.#context
      .group()
      .log.debug({ event: 'lock-failed', error: describeError(error), lock: this.name }, message);
  }
}
