import type { Clock, Timer } from '../runtime/clock.ts';
import { within } from '../runtime/within.ts';
import type { Observation } from '../topology/observation.ts';
import type { NameLookup } from './name-lookup.ts';
import type { Resolver } from './resolver.ts';

/** One look at the name, between the monitor's questions. */
const LOOK_MS = 2_000;
/** The monitor has asked, so something is to be found out: for so long the name is looked at closely, this far apart. */
const CLOSE_FOR_MS = 150;
const CLOSE_MS = 20;

/**
 * Lookups under way at once. One that hangs gets company, no more: the system's own take up to half a minute where no name
 * server answers, and hold one of the process's few threads meanwhile.
 */
const MAX_LOOKUPS = 2;

/** What the name points to. */
export interface NameLook {
  readonly addresses: readonly string[];
  /** how often the name had come to point elsewhere when it pointed there: the epoch of whoever answers there */
  readonly moves: number;
}

/** A lookup under way; `order` tells which of two began later. */
interface Lookup {
  readonly order: number;
  readonly addresses: Promise<readonly string[]>;
}

export interface DnsResolverOptions {
  hostname: string;
  find: NameLookup;
  clock: Clock;
  /** pause between two looks at the name, ms */
  watchMs: number;
}

/**
 * Watches what a provider's host name points to. Where it points is no proof of anything: a change only wakes the monitor,
 * and every dial looks the name up again. While the monitor searches, it asks more often than a close look lasts, so that the
 * name is looked at all the time: a look costs a name server little, where a question costs the database a login.
 */
export class DnsResolver implements Resolver {
  readonly name = 'dns';
  readonly #options: DnsResolverOptions;
  readonly #lookups: Lookup[] = [];
  /** lookups that have begun, and the youngest whose answer is known */
  #begun = 0;
  #answered = 0;
  #known: readonly string[] = [];
  #moves = 0;
  #wake: ((reason: string) => void) | undefined;
  #timer: Timer | undefined;
  #closeUntil = -Infinity;

  constructor(options: DnsResolverOptions) {
    this.#options = options;
  }

  async resolve(timeoutMs: number): Promise<readonly Observation[]> {
    const { clock, watchMs } = this.#options;
    const already = clock.now() < this.#closeUntil;
    this.#closeUntil = clock.now() + CLOSE_FOR_MS;
    if (this.#timer && !already && watchMs > CLOSE_MS) this.#schedule();
    await this.look(timeoutMs);
    return [];
  }

  /**
   * Looks once. An answer that a younger lookup has overtaken tells of before: what is known by then counts.
   * @throws where no name server answers within `timeoutMs`
   */
  async look(timeoutMs: number): Promise<NameLook> {
    const { clock } = this.#options;
    const late = (): Error => new Error(`no name server answered within ${timeoutMs} ms`);
    const { order, addresses: found } = this.#find();
    const addresses = await within(clock, timeoutMs, found, late);
    if (order < this.#answered) return { addresses: this.#known, moves: this.#moves };
    if (addresses.length > 0) this.#learn(addresses, order);
    return { addresses, moves: this.#moves };
  }

  watch(wake: (reason: string) => void): void {
    this.#wake = wake;
    this.#schedule();
  }

  close(): void {
    this.#wake = undefined;
    this.#timer?.cancel();
  }

  /** A lookup of one's own, or, where there are enough, the answer to the youngest of them. */
  #find(): Lookup {
    const youngest = this.#lookups.at(-1);
    if (youngest && this.#lookups.length >= MAX_LOOKUPS) return youngest;
    const { hostname, find } = this.#options;
    const addresses = find(hostname).finally(() => this.#lookups.splice(this.#lookups.indexOf(lookup), 1));
    const lookup = { order: (this.#begun += 1), addresses };
    this.#lookups.push(lookup);
    return lookup;
  }

  #learn(addresses: readonly string[], order: number): void {
    const before = this.#known;
    this.#known = addresses;
    this.#answered = order;
    if (before.length > 0) this.#compare(before, addresses);
  }

  /** To point to none of the addresses of before is a move: a round of load balancers is none. */
  #compare(before: readonly string[], now: readonly string[]): void {
    if (!now.some((address) => before.includes(address))) this.#moves += 1;
    const changed = now.length !== before.length || now.some((address) => !before.includes(address));
    if (changed) this.#wake?.(`${this.#options.hostname} points to ${now.join(' ')} now`);
  }

  /** An old server may go on taking writes when the name has moved on: nothing but the name tells of that. */
  #schedule(): void {
    const { clock, watchMs } = this.#options;
    const look = (): void => {
      this.#timer = undefined; // one look at a time
      const looked = this.look(LOOK_MS).catch(() => undefined);
      void looked.then(() => this.#wake && this.#schedule());
    };
    const ms = clock.now() < this.#closeUntil ? Math.min(CLOSE_MS, watchMs) : watchMs;
    this.#timer?.cancel();
    this.#timer = clock.timer(ms, look, { background: true });
  }
}
