import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { TARGETS } from '../targets/all.ts';
import type { Order, Verdict } from './messages.ts';

/** One input may take so long before it counts as hanging, ms: a busy machine is slow too. */
const STUCK_MS = 30_000;
/** What all inputs together may hold in memory; one that needs more has no bound. */
const MAX_HEAP_MB = 512;

/**
 * Tries targets in a thread of its own, so that an input that hangs, or eats memory without end, ends that thread and not
 * whoever waits for the verdict.
 */
export class Fuzzer {
  readonly #begun = new Int32Array(new SharedArrayBuffer(4));
  #worker: Worker | undefined;

  /** @returns how many inputs were tried, and what was broken */
  async attempt(order: Order): Promise<Verdict> {
    const worker = this.#start();
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const ended = (how: string): void => {
      this.#worker = undefined;
      resolve({ tried: this.#count, broken: `${how}: ${this.#input(order)}` });
    };
    const onError = (error: Error): void => ended(`${error.name} (${error.message})`);
    worker.once('message', resolve);
    worker.once('error', onError);
    worker.postMessage(order);
    const watch = this.#watch(() => void worker.terminate().then(() => ended('it never ended')));
    try {
      return await promise;
    } finally {
      clearInterval(watch);
      worker.removeListener('message', resolve);
      worker.removeListener('error', onError);
    }
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  get #count(): number {
    return Atomics.load(this.#begun, 0);
  }

  #start(): Worker {
    this.#worker ??= new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: this.#begun.buffer,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    return this.#worker;
  }

  /** Calls `stuck` when no new input has been begun for too long. */
  #watch(stuck: () => void): NodeJS.Timeout {
    let seen = { count: -1, at: performance.now() };
    return setInterval(() => {
      if (this.#count !== seen.count) seen = { count: this.#count, at: performance.now() };
      else if (performance.now() - seen.at > STUCK_MS) stuck();
    }, 1_000);
  }

  /** The input that was begun last, made again from the seed. */
  #input({ name, seed }: Order): string {
    const target = TARGETS.find((known) => known.name === name);
    if (!target || this.#count === 0) return 'before the first input';
    const [last] = fc.sample(target.input, { seed, numRuns: this.#count }).slice(-1);
    return `input ${this.#count}, ${inspect(last, { depth: 6, maxStringLength: 2_000 })}`;
  }
}
