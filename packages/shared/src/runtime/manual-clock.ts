import type { Clock, Instant, Timer } from './clock.ts';

interface Entry {
  at: Instant;
  order: number;
  fn: () => void;
}

/** A clock that moves only when told to, for tests and simulation. Timers due at the same instant fire in the order set. */
export class ManualClock implements Clock {
  #now: Instant;
  #order = 0;
  readonly #timers = new Set<Entry>();

  constructor(start: Instant = 0) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  timer(ms: number, fn: () => void): Timer {
    if (Number.isNaN(ms)) throw new Error('a timer was set for NaN ms');
    const entry = { at: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#timers.add(entry);
    return { cancel: () => void this.#timers.delete(entry) };
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on by `ms`, firing every timer on the way and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#nextBy(end); next; next = this.#nextBy(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
      await settle();
    }
    this.#now = end;
  }

  #nextBy(end: Instant): Entry | undefined {
    let best: Entry | undefined;
    for (const entry of this.#timers) {
      if (entry.at > end) continue;
      if (!best || entry.at < best.at || (entry.at === best.at && entry.order < best.order)) best = entry;
    }
    return best;
  }
}

/** Enough turns of the microtask queue for chained promises to run dry; no real time passes. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
