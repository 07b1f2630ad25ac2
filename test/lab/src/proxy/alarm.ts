import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { monotonicMs } from '../monotonic.ts';

/** What an alarm and its thread share. */
export interface AlarmCells {
  /** when to wake, ns on the monotonic clock */
  readonly due: BigInt64Array;
  /** counts changes of `due`; the thread sleeps on it */
  readonly changes: Int32Array;
}

export const NEVER: bigint = 2n ** 63n - 1n;

interface Entry {
  readonly atMs: number;
  readonly run: () => void;
}

/**
 * Wakes at an instant, some 0.1 ms late where timers are up to 1 ms late: a thread sleeps until then, so nothing is spent on
 * waiting. For delays and beats below a millisecond.
 */
export class Alarm {
  readonly #cells: AlarmCells = {
    due: new BigInt64Array(new SharedArrayBuffer(8)).fill(NEVER),
    changes: new Int32Array(new SharedArrayBuffer(4)),
  };
  readonly #thread: Worker;
  /** soonest first */
  #entries: Entry[] = [];

  constructor() {
    // The same module runs as source and as build output: its sibling has the same ending.
    const main = fileURLToPath(new URL(`./alarm-main${import.meta.url.slice(-3)}`, import.meta.url));
    this.#thread = new Worker(main, { workerData: this.#cells, execArgv: [] });
    this.#thread.on('message', () => this.#ring());
    this.#thread.unref();
  }

  /** Runs it at `atMs` (monotonicMs), never before; returns what calls that off. */
  at(atMs: number, run: () => void): () => void {
    const entry = { atMs, run };
    const behind = this.#entries.findIndex((each) => each.atMs > atMs);
    this.#entries.splice(behind < 0 ? this.#entries.length : behind, 0, entry);
    if (this.#entries[0] === entry) this.#set();
    return () => {
      this.#entries = this.#entries.filter((each) => each !== entry);
    };
  }

  async stop(): Promise<void> {
    this.#entries = [];
    await this.#thread.terminate();
  }

  #ring(): void {
    const now = monotonicMs();
    const rest = this.#entries.findIndex(({ atMs }) => atMs > now);
    const due = this.#entries.splice(0, rest < 0 ? this.#entries.length : rest);
    for (const { run } of due) run();
    this.#set();
  }

  #set(): void {
    const [next] = this.#entries;
    if (!next) return;
    Atomics.store(this.#cells.due, 0, BigInt(Math.ceil(next.atMs * 1e6)));
    Atomics.add(this.#cells.changes, 0, 1);
    Atomics.notify(this.#cells.changes, 0);
  }
}
