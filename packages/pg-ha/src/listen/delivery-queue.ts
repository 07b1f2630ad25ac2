import type { Clock, Instant } from '@steadfast/shared';

export interface DeliveryOptions<T> {
  clock: Clock;
  /** messages that may wait for the handler; what comes when so many do is dropped, and the drop is told */
  limit: number;
  deliver: (message: T) => unknown;
  /** called in its place among the messages: so many were dropped, first and last at these times */
  dropped: (count: number, from: Instant, to: Instant) => unknown;
  failed: (error: unknown) => void;
}

interface Overflow {
  count: number;
  readonly from: Instant;
  to: Instant;
}

/**
 * Hands messages to one handler, one after the other in the order they came: the next when the one before has settled. A
 * handler that fails or is slow concerns nobody else, and what waits for it is bounded.
 */
export class DeliveryQueue<T> {
  readonly #options: DeliveryOptions<T>;
  readonly #steps: (() => unknown)[] = [];
  /** messages among the steps */
  #messages = 0;
  #overflow: Overflow | undefined;
  #running = false;
  #closed = false;

  constructor(options: DeliveryOptions<T>) {
    this.#options = options;
  }

  push(message: T): void {
    const { limit, clock, deliver } = this.#options;
    if (this.#messages >= limit) {
      const now = clock.now();
      this.#overflow ??= { count: 0, from: now, to: now };
      this.#overflow.count += 1;
      this.#overflow.to = now;
    } else {
      this.#messages += 1;
      this.step(() => {
        this.#messages -= 1;
        this.#tellOfOverflow();
        return deliver(message);
      });
    }
  }

  /** Something else for the handler's side to do in its turn; never dropped. */
  step(work: () => unknown): void {
    this.#steps.push(work);
    if (!this.#running) void this.#run();
  }

  /** Nothing is handed over any more; what the handler is at goes on. */
  close(): void {
    this.#closed = true;
    this.#steps.length = 0;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let step = this.#steps.shift(); step && !this.#closed; step = this.#steps.shift()) {
      try {
        const done = step();
        if (done instanceof Promise) await done;
      } catch (error) {
        this.#options.failed(error);
      }
    }
    this.#running = false;
  }

  /** There is room again: the drop is told after what had come before it. */
  #tellOfOverflow(): void {
    const overflow = this.#overflow;
    if (!overflow) return;
    this.#overflow = undefined;
    this.#steps.push(() => this.#options.dropped(overflow.count, overflow.from, overflow.to));
  }
}
