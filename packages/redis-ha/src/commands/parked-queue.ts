import type { Clock, Instant, Outcome, Timer } from '@steadfast/shared';
import type { DriverCommand } from './command.ts';

/** A command that waits, and what has to be known to send it. */
export interface Ticket {
  /** as it is sent the next time */
  command: DriverCommand;
  /** what it holds in memory, about */
  readonly bytes: number;
  /** the database it was meant for */
  readonly db: number;
  /** when its caller is told that it was not sent, or what else is known */
  readonly deadline: Instant;
  /** ioredis's own, to subscribe again: it waits for as long as the client lives */
  readonly own: boolean;
  /** the transaction it is part of: all of it goes, or nothing */
  readonly unit: number | undefined;
  /** it continues a transaction that is open on the link */
  step: boolean;
  /** how often it has been sent */
  attempts: number;
  /** what is known of the last time */
  outcome: Outcome;
  cause: unknown;
}

/**
 * Commands that wait for a connection: first ioredis's own, then those that were sent before and may be sent again, then the new
 * ones, each in the order they came. What a caller lets go must not be subscribed to after that. One timer for all, set for the earliest deadline; a command that leaves is gone, and is never sent.
 */
export class ParkedQueue {
  readonly #clock: Clock;
  readonly #onExpired: (tickets: readonly Ticket[]) => void;
  readonly #own = new Set<Ticket>();
  readonly #again = new Set<Ticket>();
  readonly #fresh = new Set<Ticket>();
  /** in the order they go */
  readonly #sets = [this.#own, this.#again, this.#fresh] as const;
  #timer: { timer: Timer; at: Instant } | undefined;
  #bytes = 0;

  constructor(clock: Clock, onExpired: (tickets: readonly Ticket[]) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  get size(): number {
    return this.#sets.reduce((sum, { size }) => sum + size, 0);
  }

  /** What all of it holds in memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  add(ticket: Ticket): void {
    this.#put(ticket.own ? this.#own : this.#fresh, ticket);
  }

  /** For what was sent before: it goes before all that is new. */
  addAgain(ticket: Ticket): void {
    this.#put(ticket.own ? this.#own : this.#again, ticket);
  }

  remove(ticket: Ticket): void {
    if (this.#sets.some((set) => set.delete(ticket))) this.#bytes -= ticket.bytes;
    if (this.size === 0) this.#disarm();
  }

  has(ticket: Ticket): boolean {
    return this.#sets.some((set) => set.has(ticket));
  }

  takeAll(): Ticket[] {
    const all = [...this];
    for (const set of this.#sets) set.clear();
    this.#bytes = 0;
    this.#disarm();
    return all;
  }

  *[Symbol.iterator](): IterableIterator<Ticket> {
    for (const set of this.#sets) yield* set;
  }

  #put(where: Set<Ticket>, ticket: Ticket): void {
    if (!this.has(ticket)) this.#bytes += ticket.bytes;
    where.add(ticket);
    this.#arm(ticket.deadline);
  }

  #arm(at: Instant): void {
    if (at === Infinity) return;
    if (this.#timer && this.#timer.at <= at) return;
    this.#disarm();
    const timer = this.#clock.timer(Math.max(0, at - this.#clock.now()), () => this.#sweep());
    this.#timer = { timer, at };
  }

  #disarm(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    const expired: Ticket[] = [];
    let next = Infinity;
    for (const ticket of this) {
      // Half a millisecond of grace: timers are coarser than the clock.
      if (ticket.deadline <= now + 0.5) expired.push(ticket);
      else next = Math.min(next, ticket.deadline);
    }
    for (const ticket of expired) this.remove(ticket);
    if (next < Infinity) this.#arm(next);
    if (expired.length > 0) this.#onExpired(expired);
  }
}
