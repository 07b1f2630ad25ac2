import { HaError } from '../errors/ha-error.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';

/** So many go on at once: few, since all of them have work to do before the first byte of the first is sent, */
const FIRST = 10;
/** and so many more */
const AT_ONCE = 100;
/** each time after so long, ms: more than any pool serves meanwhile, and little beside the dials they wait for. */
const TURN_MS = 5;

export interface WaitOptions {
  deadline: Deadline;
  signal?: AbortSignal | undefined;
  /** the error for a wait that reached its deadline */
  expired: () => HaError;
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
  stop(): void;
}

/**
 * Calls that wait for something (a primary, as a rule), first come first served, never more than `limit`.
 * A waiter leaves by release, by its deadline or by its caller's signal; leaving early disturbs nobody else.
 */
export class WaitQueue<T> {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #what: string;
  readonly #waiters = new Set<Waiter<T>>();
  #expired = 0;

  /** @param what what is being waited for, for messages: 'a primary' */
  constructor(clock: Clock, limit: number, what: string) {
    this.#clock = clock;
    this.#limit = limit;
    this.#what = what;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** How many have left by their deadline so far. */
  get expired(): number {
    return this.#expired;
  }

  wait(options: WaitOptions): Promise<T> {
    const { deadline, signal } = options;
    if (signal?.aborted) return Promise.reject(aborted(signal, this.#what));
    if (this.#waiters.size >= this.#limit) return Promise.reject(this.#full());
    return new Promise<T>((resolve, reject) => {
      let timer: Timer | undefined = undefined;
      const onAbort = (): void => leave(aborted(signal, this.#what));
      const waiter: Waiter<T> = {
        resolve,
        reject,
        stop: () => {
          timer?.cancel();
          signal?.removeEventListener('abort', onAbort);
        },
      };
      const leave = (error: Error): void => {
        this.#waiters.delete(waiter);
        waiter.stop();
        reject(error);
      };
      timer = this.#clock.timer(deadline.remainingMs, () => {
        this.#expired += 1;
        leave(options.expired());
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /**
   * Lets everybody go on, in the order they came. After a long outage there may be thousands, and each has work to do before
   * it sends anything: they go in turns, so that the first are served while the last still wait.
   */
  releaseAll(value: T): void {
    this.#release([...this.#waiters], value, FIRST);
  }

  #release(crowd: Waiter<T>[], value: T, count: number): void {
    for (const waiter of crowd.splice(0, count)) {
      if (!this.#waiters.delete(waiter)) continue; // left by itself meanwhile
      waiter.stop();
      waiter.resolve(value);
    }
    if (crowd.length > 0) this.#clock.timer(TURN_MS, () => this.#release(crowd, value, AT_ONCE));
  }

  /** Ends every wait with an error of its own. */
  rejectAll(error: () => Error): void {
    for (const waiter of this.#takeAll()) waiter.reject(error());
  }

  #takeAll(): Waiter<T>[] {
    const all = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of all) waiter.stop();
    return all;
  }

  #full(): HaError {
    const message = `${this.#limit} calls are waiting for ${this.#what} already; shed load, or raise maxWaiting`;
    return new HaError('HA_QUEUE_FULL', message, { outcome: 'notSent' });
  }
}

function aborted(signal: AbortSignal | undefined, what: string): HaError {
  return new HaError('HA_ABORTED', `aborted while waiting for ${what}`, {
    outcome: 'notSent',
    cause: signal?.reason,
  });
}
