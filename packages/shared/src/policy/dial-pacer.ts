import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { sleep } from '../runtime/sleep.ts';

export interface DialPacerOptions {
  /** dials under way at once, once the first of a generation has succeeded */
  concurrency: number;
  /** each dial after the first of a generation waits a random time up to this, ms (default 20) */
  spreadMs?: number;
}

/**
 * Keeps reconnects from becoming a storm: after a change of primary one connection is dialled at once; only when it stands
 * do others follow, a few at a time and out of step with other processes.
 */
export class DialPacer {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #concurrency: number;
  readonly #spreadMs: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #generation = -1;
  #proven = false;

  constructor(clock: Clock, random: Random, options: DialPacerOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#concurrency = options.concurrency;
    this.#spreadMs = options.spreadMs ?? 20;
  }

  /** Runs `dial` when its turn comes and settles as it does. */
  async run<T>(generation: number, dial: () => Promise<T>): Promise<T> {
    this.#enter(generation);
    while (this.#running >= (this.#proven ? this.#concurrency : 1)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
    try {
      if (this.#proven && generation > 0) await sleep(this.#clock, this.#random.next() * this.#spreadMs);
      const result = await dial();
      if (generation === this.#generation) this.#proven = true;
      return result;
    } finally {
      this.#running -= 1;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  #enter(generation: number): void {
    if (generation <= this.#generation) return;
    this.#generation = generation;
    this.#proven = false;
  }
}
