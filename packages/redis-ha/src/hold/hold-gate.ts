import type { Clock, Endpoint, Instant, Timer } from '@steadfast/shared';
import type { SentinelEvent } from '../discovery/sentinel-event.ts';
import { OPEN, transition, type Hold, type HoldInput } from './hold.ts';

export interface HoldGateOptions {
  clock: Clock;
  enabled: boolean;
  /** a hold lasts no longer than this, ms */
  maxMs: number;
  /** host:port of the primary that is followed now */
  primary: () => string | undefined;
  /** how many sentinels are known */
  sentinels: () => number;
}

/** Keeps the {@link Hold} of one group and ends it in time, and that of missing replicas, and tells the clients. */
export class HoldGate {
  readonly #options: HoldGateOptions;
  readonly #listeners = new Set<() => void>();
  #hold: Hold = OPEN;
  #missing = false;
  #timer: Timer | undefined;

  constructor(options: HoldGateOptions) {
    this.#options = options;
  }

  get holding(): boolean {
    return this.#hold.at !== 'open' || this.#missing;
  }

  /** The replica that is about to be promoted, while writes are held for that. */
  get replica(): Endpoint | undefined {
    return this.#hold.at === 'holding' ? this.#hold.replica : undefined;
  }

  /** Why writes wait, for messages. */
  get why(): string {
    if (this.#hold.at === 'suspecting') return 'the sentinels agree that they miss the master';
    return this.#missing && this.#hold.at === 'open'
      ? 'no replica confirms that it gets what the master acknowledges'
      : 'writes are held for a failover';
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  hear(event: SentinelEvent, by: string): void {
    if (!this.#options.enabled) return;
    const { clock, primary, sentinels } = this.#options;
    this.#apply({ is: 'event', event, by, now: clock.now(), primary: primary(), sentinels: sentinels() });
  }

  /** The primary that was written to is followed no more. */
  leave(): void {
    this.#apply({ is: 'left' });
  }

  /** No replica confirms anything any more, or one does again. */
  replicasMissing(missing: boolean): void {
    if (missing === this.#missing) return;
    this.#missing = missing;
    this.#tell();
  }

  close(): void {
    this.#listeners.clear();
    this.#timer?.cancel();
  }

  #apply(input: HoldInput): void {
    const before = this.#hold;
    const next = transition(before, input, this.#options.maxMs);
    this.#hold = next;
    if (next.at === before.at && endOf(next) === endOf(before)) return;
    const { clock } = this.#options;
    this.#timer?.cancel();
    if (next.at !== 'open') {
      const late = (): void => this.#apply({ is: 'late', now: clock.now() });
      // A hair more than the limit: a timer that fires early must not leave the hold in place.
      this.#timer = clock.timer(Math.ceil(next.untilAtMost - clock.now()) + 1, late);
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function endOf(hold: Hold): Instant | undefined {
  return hold.at === 'open' ? undefined : hold.untilAtMost;
}
