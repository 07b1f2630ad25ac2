import type { Clock, Instant, Timer } from '@steadfast/shared';

/** One party's timers, so that what it leaves behind can be counted, and so that it can be stalled. */
export interface Share extends Clock {
  /** timers set and neither fired nor cancelled */
  readonly pending: number;
  /** what is due for it before then comes at that moment: its event loop is blocked */
  stalledUntil: Instant;
}

class Entry implements Timer {
  at: Instant;
  order: number;
  fn: (() => void) | undefined;
  readonly owner: ShareOfClock;

  constructor(at: Instant, order: number, fn: () => void, owner: ShareOfClock) {
    this.at = at;
    this.order = order;
    this.fn = fn;
    this.owner = owner;
  }

  cancel(): void {
    if (!this.fn) return;
    this.fn = undefined;
    this.owner.pending -= 1;
  }
}

class ShareOfClock implements Share {
  pending = 0;
  stalledUntil: Instant = -Infinity;
  readonly #clock: EventClock;

  constructor(clock: EventClock) {
    this.#clock = clock;
  }

  now(): Instant {
    return this.#clock.now();
  }

  timer(ms: number, fn: () => void): Timer {
    this.pending += 1;
    return this.#clock.add(Math.max(0, ms), fn, this);
  }
}

/** So many events in one turn of Node's own event loop. */
const BATCH = 128;

/**
 * Simulated time: a queue of events, the earliest first, those of one instant in the order they were set. Between two of them
 * every promise settles: each runs in a callback of its own of `setImmediate`, after which Node drains its microtasks however
 * long their chains are. (`ManualClock` lets a fixed number of turns pass, and looks through all timers for the next one.)
 */
export class EventClock {
  #now: Instant = 0;
  #order = 0;
  readonly #heap: Entry[] = [];
  /** events that have run so far */
  events = 0;

  now(): Instant {
    return this.#now;
  }

  share(): Share {
    return new ShareOfClock(this);
  }

  add(ms: number, fn: () => void, owner: ShareOfClock): Entry {
    const entry = new Entry(this.#now + ms, this.#order++, fn, owner);
    this.#push(entry);
    return entry;
  }

  /**
   * Runs all that is due until `end`; `settled` is called after each event, when its promises have settled, and ends the run
   * early by returning true.
   */
  run(end: Instant, settled: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      let over = false;
      const finish = (then: () => void): void => {
        over = true;
        then();
      };
      const turn = (): void => {
        if (over) return;
        try {
          if (settled()) return finish(resolve);
          const next = this.#next(end);
          if (next) return next();
          this.#now = Math.max(this.#now, end);
          finish(resolve);
        } catch (error) {
          finish(() => reject(error as Error));
        }
      };
      const batch = (): void => {
        for (let n = 0; n < BATCH; n++) setImmediate(turn);
        setImmediate(() => {
          if (!over) batch();
        });
      };
      batch();
    });
  }

  /** The next thing to do by `end`, with the clock set to its time. */
  #next(end: Instant): (() => void) | undefined {
    for (let first = this.#heap[0]; first && first.at <= end; first = this.#heap[0]) {
      this.#pop();
      const { fn, owner } = first;
      if (!fn) continue;
      if (owner.stalledUntil > first.at) {
        first.at = owner.stalledUntil;
        first.order = this.#order++;
        this.#push(first);
        continue;
      }
      this.#now = first.at;
      this.events += 1;
      first.fn = undefined;
      owner.pending -= 1;
      return fn;
    }
    return undefined;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Entry;
      if (!before(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      const lower = heap[child] as Entry;
      if (!before(lower, last)) break;
      heap[at] = lower;
      at = child;
    }
    heap[at] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
