import type { Outcome } from '../errors/outcome.ts';
import type { Clock, Instant } from '../runtime/clock.ts';

export interface RetryBudgetOptions {
  /** most retries that can be saved up */
  capacity: number;
  /** retries earned per second */
  perSecond: number;
}

/**
 * A token bucket over retries of one client: when a server is failing everything, repeating everything makes it worse.
 * Waiting for a primary costs nothing from it; only work that is sent again does.
 */
export class RetryBudget {
  /** retries so far, by what was known of the attempt before */
  readonly taken: Readonly<Record<Outcome, number>>;
  readonly #clock: Clock;
  readonly #options: RetryBudgetOptions;
  readonly #taken: Record<Outcome, number> = { notSent: 0, rejected: 0, unknown: 0, committed: 0 };
  #tokens: number;
  #at: Instant;

  constructor(clock: Clock, options: RetryBudgetOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#tokens = options.capacity;
    this.#at = clock.now();
    this.taken = this.#taken;
  }

  /** Takes one retry of an attempt that ended so, or says that none is left. */
  take(outcome: Outcome): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    this.#taken[outcome] += 1;
    return true;
  }

  get available(): number {
    this.#refill();
    return Math.floor(this.#tokens);
  }

  #refill(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(
      this.#options.capacity,
      this.#tokens + ((now - this.#at) / 1000) * this.#options.perSecond,
    );
    this.#at = now;
  }
}
