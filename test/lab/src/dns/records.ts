export interface ARecord {
  ips: readonly string[];
  ttlS: number;
}

/** What a server would answer for a name: `published`; what it was last told while held: `pending`. */
interface Entry {
  published?: ARecord;
  pending?: ARecord;
  held: boolean;
}

/**
 * The A records of the lab. A held name keeps answering what it answered before, as a resolver with a stale cache
 * does, and takes up the newest record when it is let go.
 */
export class Records {
  readonly #entries = new Map<string, Entry>();
  #allHeld = false;

  set(hostname: string, record: ARecord): void {
    const entry = this.#entry(hostname);
    if (this.#allHeld || entry.held) entry.pending = record;
    else entry.published = record;
  }

  hold(held: boolean, hostname?: string): void {
    if (hostname === undefined) this.#allHeld = held;
    else this.#entry(hostname).held = held;
    for (const entry of this.#entries.values()) {
      if (this.#allHeld || entry.held || entry.pending === undefined) continue;
      entry.published = entry.pending;
      delete entry.pending;
    }
  }

  find(hostname: string): ARecord | undefined {
    return this.#entries.get(canonical(hostname))?.published;
  }

  #entry(hostname: string): Entry {
    const name = canonical(hostname);
    let entry = this.#entries.get(name);
    if (!entry) {
      entry = { held: false };
      this.#entries.set(name, entry);
    }
    return entry;
  }
}

/** Names compare without case and without the final dot of the root. */
export function canonical(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, '');
}
