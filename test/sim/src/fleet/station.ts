import type { Clock } from '@steadfast/shared';

/** So long is a message on its way, ms. */
const TRIP_MS = 0.5;

/** What becomes of one that was let in. */
export interface Turn {
  /** its turn has come: the first byte of the answer is there */
  readonly begun?: () => void;
  /** the answer is there */
  readonly done: () => void;
}

/**
 * A service that does one thing after the other, each in its time: a server's logins, an HTTP API. There is room for so many who
 * wait; whoever finds it full is not let in.
 */
export class Station {
  readonly #clock: Clock;
  readonly #room: number;
  /** when the turns of those who wait will come: a queue, of which the part before `#first` is over */
  #turns: number[] = [];
  #first = 0;
  #freeAt = 0;

  constructor(clock: Clock, room: number = Infinity) {
    this.#clock = clock;
    this.#room = room;
  }

  /** False: there was no room, which has cost nothing. Whoever gives up after he was let in has cost as much as others. */
  ask(costMs: number, { begun, done }: Turn): boolean {
    const now = this.#clock.now();
    if (this.#waiting(now) >= this.#room) return false;
    const turn = Math.max(this.#freeAt, now + TRIP_MS);
    this.#turns.push(turn);
    this.#freeAt = turn + costMs;
    if (begun) this.#clock.timer(turn - now + TRIP_MS, begun);
    this.#clock.timer(turn + costMs - now + TRIP_MS, done);
    return true;
  }

  #waiting(now: number): number {
    while ((this.#turns[this.#first] ?? Infinity) <= now) this.#first += 1;
    if (this.#first > 10_000) {
      this.#turns = this.#turns.slice(this.#first);
      this.#first = 0;
    }
    return this.#turns.length - this.#first;
  }
}
