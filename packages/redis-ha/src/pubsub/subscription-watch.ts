import { datesOf, type Clock, type Instant } from '@steadfast/shared';
import type { Link } from '../dial/link.ts';
import type { DriverInternals, Subscriptions } from '../driver/internals.ts';

/** A time in which messages may have been published that a subscription did not get. */
export interface Gap {
  /** what was published before this has come */
  readonly from: Date;
  /** what is published after this comes again */
  readonly to: Date;
  readonly reason: string;
  readonly channels: readonly string[];
  readonly patterns: readonly string[];
}

export interface SubscriptionWatchOptions {
  clock: Clock;
  driver: DriverInternals;
  keyPrefix: string;
  /** pause between two pulses, ms */
  everyMs: number;
  /** PING, in order with everything else on the connection */
  ping: () => Promise<unknown>;
  /** of the primary that is followed */
  generation: () => number;
  /** the connection stands, and a PING would not become part of a caller's transaction */
  mayPing: () => boolean;
  onGap: (gap: Gap) => void;
}

/**
 * - `none`: nothing is subscribed, or was at the last look, `lookedAt`
 * - `whole`: everything that was published before `since` has come; since the connection stands, where that is not known
 * - `broken`: the connection has ended, and what is published goes by
 */
type State =
  | { readonly at: 'none'; readonly lookedAt?: Instant }
  | { readonly at: 'whole'; readonly since: Instant | undefined }
  | {
      readonly at: 'broken';
      readonly since: Instant;
      readonly generation: number;
      readonly reason: string;
      readonly channels: readonly string[];
      readonly patterns: readonly string[];
    };

/**
 * A replica that is promoted serves others before this process hears of it, while the old primary still answers our pulses:
 * by up to two seconds, until each sentinel has published the switch.
 */
const LEAD_MS = 3_000;

/**
 * Knows up to when a subscription has got everything. Nothing is in flight on a connection that only listens, so a PING is sent
 * from time to time: its answer proves that whatever was published before it was sent has come, and without one the silence of
 * a dead link would never be noticed.
 */
export class SubscriptionWatch {
  readonly #options: SubscriptionWatchOptions;
  #state: State = { at: 'none' };
  #pulse: { readonly sentAt: Instant } | undefined;
  #pulsedAt: Instant = -Infinity;

  constructor(options: SubscriptionWatchOptions) {
    this.#options = options;
  }

  /** Called a few times per pulse. */
  look(): void {
    const { clock, everyMs, mayPing } = this.#options;
    const state = this.#state;
    if (!this.#subscriptions && state.at !== 'broken') {
      this.#state = { at: 'none', lookedAt: clock.now() };
      return;
    }
    // It was made after that look, and nothing has been proven yet.
    if (state.at === 'none') this.#state = { at: 'whole', since: state.lookedAt };
    if (!this.#pulse && mayPing() && clock.now() - this.#pulsedAt >= everyMs) void this.#sendPulse();
  }

  /** The connection has ended; what it was subscribed to is known still. */
  unlinked(link: Pick<Link, 'since' | 'generation'>, reason: string): void {
    this.#pulse = undefined;
    const subscriptions = this.#subscriptions;
    const state = this.#state;
    if (!subscriptions || state.at === 'broken') return;
    const whole = state.at === 'whole' ? state.since : state.lookedAt;
    this.#state = {
      at: 'broken',
      since: Math.max(link.since, whole ?? link.since),
      generation: link.generation,
      reason,
      channels: subscriptions.channels('subscribe').concat(this.#shardChannels(subscriptions)),
      patterns: subscriptions.channels('psubscribe'),
    };
  }

  /** A new connection stands, and the subscriptions are on their way. */
  linked(): void {
    if (this.#state.at === 'broken' && this.#options.mayPing()) void this.#sendPulse();
  }

  /** The client has been closed: whoever opens it again begins anew. */
  end(): void {
    this.#state = { at: 'none' };
    this.#pulse = undefined;
  }

  get #subscriptions(): Subscriptions | undefined {
    return this.#options.driver.condition?.subscriber || undefined;
  }

  /** As the caller names them: of all channels these alone are keys, and have the prefix. */
  #shardChannels(subscriptions: Subscriptions): string[] {
    return subscriptions.channels('ssubscribe').map((name) => name.slice(this.#options.keyPrefix.length));
  }

  async #sendPulse(): Promise<void> {
    const { clock, ping } = this.#options;
    const pulse = { sentAt: clock.now() };
    this.#pulse = pulse;
    this.#pulsedAt = pulse.sentAt;
    const answered = await ping().then(
      () => true,
      () => false,
    );
    if (this.#pulse !== pulse) return;
    this.#pulse = undefined;
    if (answered) this.#answered(pulse.sentAt);
  }

  #answered(sentAt: Instant): void {
    const state = this.#state;
    // Let go while the connection was down: nobody misses anything.
    if (!this.#subscriptions) {
      this.#state = { at: 'none' };
      return;
    }
    if (state.at !== 'broken') {
      this.#state = { at: 'whole', since: sentAt };
      return;
    }
    const { clock, generation, onGap } = this.#options;
    const until = clock.now();
    this.#state = { at: 'whole', since: until };
    const leadMs = generation() === state.generation ? 0 : LEAD_MS;
    const { reason, channels, patterns } = state;
    onGap({ ...datesOf(clock, state.since - leadMs, until), reason, channels, patterns });
  }
}
