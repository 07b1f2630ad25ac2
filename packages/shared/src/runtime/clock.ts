/** Milliseconds on a monotonic clock. Only differences mean anything; it never goes back when the wall clock is set. */
export type Instant = number;

/** A timer that has been set and can be taken back. */
export interface Timer {
  /** Stops the timer; harmless after it has fired. */
  cancel(): void;
}

/**
 * Time as a constructor input, so that everything above can run on a simulated one.
 * `background` timers do not keep the process alive: housekeeping must never stop an app from exiting,
 * a caller who waits must.
 */
export interface Clock {
  now(): Instant;
  timer(ms: number, fn: () => void, options?: { background?: boolean }): Timer;
}

/** The machine's own monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  timer(ms, fn, options) {
    // What is left of a deadline may have become a little less than nothing.
    const handle = setTimeout(fn, Math.max(0, ms));
    if (options?.background) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
