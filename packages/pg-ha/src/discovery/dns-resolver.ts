import type { Observation, Resolver } from '@steadfast/shared';
import type { NameLookup } from '../dial/name-lookup.ts';

/**
 * Watches what a provider's host name points to. Where it points is no proof of anything: a change only wakes the monitor,
 * and every dial looks the name up again.
 */
export class DnsResolver implements Resolver {
  readonly name = 'dns';
  readonly #hostname: string;
  readonly #find: NameLookup;
  #known: string | undefined;
  #wake: (reason: string) => void = () => undefined;

  constructor(hostname: string, find: NameLookup) {
    this.#hostname = hostname;
    this.#find = find;
  }

  async resolve(): Promise<readonly Observation[]> {
    const found = [...(await this.#find(this.#hostname))].sort().join(' ');
    const before = this.#known;
    this.#known = found;
    if (before !== undefined && before !== found)
      this.#wake(`${this.#hostname} points to ${found || 'nothing'} now`);
    return [];
  }

  watch(wake: (reason: string) => void): void {
    this.#wake = wake;
  }

  close(): void {
    this.#wake = () => undefined;
  }
}
