import type { Clock, Instant } from '../runtime/clock.ts';

/** Who was let in late, and has heard nothing for so long, stands in a queue, ms: a packet lost once is sent again sooner. */
const QUEUED_MS = 300;

/** A crowd is reckoned with for so long after it was seen last, ms. */
const REMEMBERED_MS = 30_000;

/**
 * Whether more want to get into a server than it can take. Its queue was full, since it took no connection; then it took one, and
 * has not come to it yet. A cut looks different, since what gets through when it
 * heals is answered soon; and so does a half-open link, which takes every connection at once.
 */
export class Crowding {
  readonly #clock: Clock;
  #seenAt: Instant = -Infinity;
  #letIn: { question: object; since: Instant } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get seen(): boolean {
    this.#look();
    return this.#clock.now() - this.#seenAt < REMEMBERED_MS;
  }

  /** The server was shut, and has taken the connection of this question. */
  letIn(question: object): void {
    this.#letIn = { question, since: this.#clock.now() };
  }

  /** This one waits no longer: it has heard the first byte, or has ended. */
  over(question: object): void {
    this.#look();
    if (this.#letIn?.question === question) this.#letIn = undefined;
  }

  #look(): void {
    const now = this.#clock.now();
    if (this.#letIn && now - this.#letIn.since >= QUEUED_MS) this.#seenAt = now;
  }
}
