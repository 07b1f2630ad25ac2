import type { Clock } from '@steadfast/shared';

/** So long is a message on its way, ms. */
const TRIP_MS = 0.5;
/** Rates are counted in slices of so long, ms. */
const SLICE_MS = 100;

/** A service that does one thing after the other, each in its time: a server's logins, an HTTP API. */
export class Station {
  asked = 0;
  open = 0;
  mostOpen = 0;
  readonly #clock: Clock;
  readonly #slices = new Map<number, number>();
  #freeAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `done` is called when the answer is there. Whoever gives up meanwhile has cost as much. */
  ask(costMs: number, done: () => void): void {
    const now = this.#clock.now();
    const slice = Math.floor(now / SLICE_MS);
    this.asked += 1;
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    this.#slices.set(slice, (this.#slices.get(slice) ?? 0) + 1);
    this.#freeAt = Math.max(this.#freeAt, now + TRIP_MS) + costMs;
    this.#clock.timer(this.#freeAt - now + TRIP_MS, () => {
      this.open -= 1;
      done();
    });
  }

  /** In its busiest tenth of a second, by the second. */
  get busiestPerSecond(): number {
    return (Math.max(0, ...this.#slices.values()) * 1_000) / SLICE_MS;
  }
}
