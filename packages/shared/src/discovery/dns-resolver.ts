import type { Clock, Timer } from '../runtime/clock.ts';
import { within } from '../runtime/within.ts';
import type { Observation } from '../topology/observation.ts';
import type { NameLookup } from './name-lookup.ts';
import type { Resolver } from './resolver.ts';

/** One look at the name, between the monitor's questions. */
const LOOK_MS = 2_000;

export interface DnsResolverOptions {
  hostname: string;
  find: NameLookup;
  clock: Clock;
  /** pause between two looks at the name, ms */
  watchMs: number;
}

/**
 * Watches what a provider's host name points to. Where it points is no proof of anything: a change only wakes the monitor,
 * and every dial looks the name up again.
 */
export class DnsResolver implements Resolver {
  readonly name = 'dns';
  readonly #options: DnsResolverOptions;
  #known: readonly string[] = [];
  #moves = 0;
  #wake: ((reason: string) => void) | undefined;
  #timer: Timer | undefined;

  constructor(options: DnsResolverOptions) {
    this.#options = options;
  }

  /** How often the name has come to point to none of the addresses it had before: a round of load balancers is no move. */
  get moves(): number {
    return this.#moves;
  }

  async resolve(timeoutMs: number): Promise<readonly Observation[]> {
    const { hostname, find, clock } = this.#options;
    const late = (): Error => new Error(`no name server answered within ${timeoutMs} ms`);
    const found = await within(clock, timeoutMs, find(hostname), late);
    const before = this.#known;
    if (found.length === 0) return [];
    this.#known = found;
    if (before.length === 0) return [];
    if (!found.some((address) => before.includes(address))) this.#moves += 1;
    const changed = found.length !== before.length || found.some((address) => !before.includes(address));
    if (changed) this.#wake?.(`${hostname} points to ${found.join(' ')} now`);
    return [];
  }

  watch(wake: (reason: string) => void): void {
    this.#wake = wake;
    this.#schedule();
  }

  close(): void {
    this.#wake = undefined;
    this.#timer?.cancel();
  }

  /** An old server may go on taking writes when the name has moved on: nothing but the name tells of that. */
  #schedule(): void {
    const { clock, watchMs } = this.#options;
    const look = (): void => {
      const looked = this.resolve(LOOK_MS).catch(() => undefined);
      void looked.then(() => this.#wake && this.#schedule());
    };
    this.#timer = clock.timer(watchMs, look, { background: true });
  }
}
