import { DedicatedPool, type DedicatedPoolOptions, type Lendable } from './dedicated-pool.ts';

/**
 * The pool of a client's connections of their own: one for each of its lives, made when first asked for. One that quit()
 * drains outlives the client's own connection, and is kept for as long: a disconnect() after that must still reach it.
 */
export class Lending<C extends Lendable> {
  readonly #options: DedicatedPoolOptions<C>;
  readonly #draining = new Set<DedicatedPool<C>>();
  #pool: DedicatedPool<C> | undefined;

  constructor(options: DedicatedPoolOptions<C>) {
    this.#options = options;
  }

  get pool(): DedicatedPool<C> {
    return (this.#pool ??= new DedicatedPool(this.#options));
  }

  /** Waits for what is under way, at most so long. @returns undefined where nothing was lent */
  drain(limitMs: number): Promise<void> | undefined {
    const pool = this.#pool;
    if (!pool) return undefined;
    this.#draining.add(pool);
    return pool.drain(limitMs).finally(() => this.#draining.delete(pool));
  }

  /** Ends all of it now. */
  destroy(): void {
    this.#pool?.destroy();
    for (const pool of this.#draining) pool.destroy();
  }

  /** The client has ended: what it lent ends too, unless quit() lets that end first. Its next life has a pool of its own. */
  ended(): void {
    if (this.#pool && !this.#draining.has(this.#pool)) this.#pool.destroy();
    this.#pool = undefined;
  }
}
