/** A share in something that several hold together. */
export interface Share<T> {
  readonly thing: T;
  /** Gives it back; the last to do so closes the thing, and hears when it is closed. Only the first call counts. */
  readonly release: () => Promise<void>;
}

interface Entry<T> {
  readonly thing: T;
  users: number;
}

/** What one process needs once: made by the first that asks for a key, closed when the last has given it back. */
export class SharedByKey<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #close: (thing: T) => Promise<void>;

  constructor(close: (thing: T) => Promise<void>) {
    this.#close = close;
  }

  get size(): number {
    return this.#entries.size;
  }

  acquire(key: string, make: () => T): Share<T> {
    const entry = this.#entries.get(key) ?? { thing: make(), users: 0 };
    this.#entries.set(key, entry);
    entry.users += 1;
    let held = true;
    const release = async (): Promise<void> => {
      if (!held) return;
      held = false;
      entry.users -= 1;
      if (entry.users > 0) return;
      this.#entries.delete(key);
      await this.#close(entry.thing);
    };
    return { thing: entry.thing, release };
  }
}
