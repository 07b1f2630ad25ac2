import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { sleep } from '../runtime/sleep.ts';

export interface DialPacerOptions {
  /** dials under way at once, once the first of a generation has succeeded */
  concurrency: number;
  /** a dial that hangs gives its place away after so long, ms (default 250), or twice as long as dials take of late: behind a load balancer the next may go elsewhere */
  hedgeMs?: number;
  /**
   * the same for the first dials of a generation, until one has succeeded; doubled with each that hangs, up to `hedgeMs` (default
   * `hedgeMs`). For a route that may still lead every other dial to the server of before
   */
  firstHedgeMs?: number;
  /** each dial after the first of a generation waits a random time up to this, ms (default 20) */
  spreadMs?: number;
}

/** The dials to one primary. A new generation starts afresh: those still hanging on an older one hold nobody up. */
interface Round {
  readonly generation: number;
  running: number;
  /** a dial of this generation has succeeded */
  proven: boolean;
  /** so many have given their place away */
  hung: number;
  /** how long one that succeeds takes of late, ms: after an outage those that hung in it must soon be forgotten */
  usualMs: number;
}

/** However slow a server is, a dial holds its place no longer than this, ms. */
const MAX_HOLD_MS = 1_000;

/**
 * Keeps reconnects from becoming a storm: after a change of primary one connection is dialled at once; only when it stands
 * do others follow, a few at a time and out of step with other processes. Whatever happens, no more than `concurrency` dials
 * begin per `hedgeMs` that end without an answer.
 */
export class DialPacer {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: Required<DialPacerOptions>;
  #waiting: (() => void)[] = [];
  #round: Round = { generation: -1, running: 0, proven: false, hung: 0, usualMs: 0 };

  constructor(clock: Clock, random: Random, options: DialPacerOptions) {
    this.#clock = clock;
    this.#random = random;
    const { hedgeMs = 250 } = options;
    this.#options = { hedgeMs, firstHedgeMs: hedgeMs, spreadMs: 20, ...options };
  }

  /** Runs `dial` when its turn comes and settles as it does. `generation` tells the one that the caller knows of by then. */
  async run<T>(generation: () => number, dial: () => Promise<T>): Promise<T> {
    const round = await this.#turn(generation);
    const leave = this.#hold(round);
    try {
      const since = this.#clock.now();
      const result = await dial();
      const tookMs = this.#clock.now() - since;
      round.usualMs = Math.max(tookMs, (round.usualMs + tookMs) / 2);
      round.proven = true;
      return result;
    } finally {
      leave();
    }
  }

  /** Waits for a place, and takes it. Who has waited while the primary changed takes one among the first of the new one. */
  async #turn(generation: () => number): Promise<Round> {
    for (;;) {
      if (generation() > this.#round.generation) this.#begin(generation());
      if (this.#round.running >= this.#limit) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        continue;
      }
      const round = this.#round;
      round.running += 1;
      // Generation 1 is the first primary this process finds: nothing has failed over, nobody is in step.
      if (round.proven && round.generation > 1)
        await sleep(this.#clock, this.#random.next() * this.#options.spreadMs);
      if (round === this.#round && generation() <= round.generation) return round;
      // Otherwise the round is over, and nobody waits for its places any more.
    }
  }

  get #limit(): number {
    return this.#round.proven ? this.#options.concurrency : 1;
  }

  /** A dial begins in a place that was taken: returns the way to give that back; one that hangs loses it by itself. */
  #hold(round: Round): () => void {
    let inside = true;
    const leave = (): void => {
      hanging.cancel();
      if (inside) this.#giveBack(round);
      inside = false;
    };
    // A server that is slow with everybody would only get slower by it.
    const ms = Math.max(this.#hedgeMs(round), Math.min(2 * round.usualMs, MAX_HOLD_MS));
    const giveWay = (): void => {
      round.hung += 1;
      leave();
    };
    const hanging = this.#clock.timer(ms, giveWay, { background: true });
    return leave;
  }

  #giveBack(round: Round): void {
    round.running -= 1;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #hedgeMs({ proven, hung }: Round): number {
    const { hedgeMs, firstHedgeMs } = this.#options;
    return proven ? hedgeMs : Math.min(hedgeMs, firstHedgeMs * 2 ** hung);
  }

  #begin(generation: number): void {
    // Who waits is woken by the one that begins: it takes the first place now, and gives it back.
    this.#round = { generation, running: 0, proven: false, hung: 0, usualMs: 0 };
  }
}
