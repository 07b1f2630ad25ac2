import type { Clock, Instant } from './clock.ts';

/**
 * The moment by which a whole call must have ended, on the monotonic clock.
 * One per call; every step of it gets what remains, so that retries never add up beyond what the caller allowed.
 */
export class Deadline {
  readonly at: Instant;
  /** How long the caller had in all, for messages. */
  readonly totalMs: number;
  readonly #clock: Clock;

  private constructor(clock: Clock, at: Instant, totalMs: number) {
    this.#clock = clock;
    this.at = at;
    this.totalMs = totalMs;
  }

  static after(clock: Clock, ms: number): Deadline {
    return new Deadline(clock, clock.now() + ms, ms);
  }

  /** Milliseconds left, never below 0. */
  get remainingMs(): number {
    return Math.max(0, this.at - this.#clock.now());
  }

  get expired(): boolean {
    return this.#clock.now() >= this.at;
  }

  /** What a single step may take: its own limit or what remains of the call, whichever is less. */
  stepMs(limitMs: number): number {
    return Math.min(limitMs, this.remainingMs);
  }
}
