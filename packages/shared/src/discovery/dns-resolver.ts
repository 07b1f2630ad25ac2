import type { Clock } from '../runtime/clock.ts';
import { within } from '../runtime/within.ts';
import type { Observation } from '../topology/observation.ts';
import type { NameLookup } from './name-lookup.ts';
import type { Resolver } from './resolver.ts';

/**
 * Watches what a provider's host name points to. Where it points is no proof of anything: a change only wakes the monitor,
 * and every dial looks the name up again.
 */
export class DnsResolver implements Resolver {
  readonly name = 'dns';
  readonly #hostname: string;
  readonly #find: NameLookup;
  readonly #clock: Clock;
  #known: readonly string[] = [];
  #moves = 0;
  #wake: (reason: string) => void = () => undefined;

  constructor(hostname: string, find: NameLookup, clock: Clock) {
    this.#hostname = hostname;
    this.#find = find;
    this.#clock = clock;
  }

  /** How often the name has come to point to none of the addresses it had before: a round of load balancers is no move. */
  get moves(): number {
    return this.#moves;
  }

  async resolve(timeoutMs: number): Promise<readonly Observation[]> {
    const late = (): Error => new Error(`no name server answered within ${timeoutMs} ms`);
    const found = await within(this.#clock, timeoutMs, this.#find(this.#hostname), late);
    const before = this.#known;
    if (found.length === 0) return [];
    this.#known = found;
    if (before.length === 0) return [];
    if (!found.some((address) => before.includes(address))) this.#moves += 1;
    const changed = found.length !== before.length || found.some((address) => !before.includes(address));
    if (changed) this.#wake(`${this.#hostname} points to ${found.join(' ')} now`);
    return [];
  }

  watch(wake: (reason: string) => void): void {
    this.#wake = wake;
  }

  close(): void {
    this.#wake = () => undefined;
  }
}
