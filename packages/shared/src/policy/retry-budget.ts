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
  readonly #clock: Clock;
  readonly #options: RetryBudgetOptions;
  #tokens: number;
  #at: Instant;

  constructor(clock: Clock, options: RetryBudgetOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#tokens = options.capacity;
    this.#at = clock.now();
  }

  /** Takes one retry, or says that none is left. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
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
