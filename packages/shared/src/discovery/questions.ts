import { RoutePace } from '../policy/route-pace.ts';
import type { Clock, Instant } from '../runtime/clock.ts';

export interface HowToPut {
  /** default 1 */
  readonly atOnce?: number | undefined;
  /** default 0 */
  readonly everyMs?: number | undefined;
  /** default: until it has ended */
  readonly holdsMs?: number | undefined;
}

/** The questions of one monitor: how many are under way to whom, and when whoever is behind a route may be asked again. */
export class Questions {
  readonly #clock: Clock;
  readonly #underWay = new Map<string, number>();
  readonly #putAt = new Map<string, Instant>();
  readonly #paces = new Map<string, RoutePace>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many have been put to this one and have not ended. */
  underWay(key: string): number {
    return this.#underWay.get(key) ?? 0;
  }

  /**
   * Puts one, unless so many are under way already, or one was put less than `everyMs` ago: then resolves with false, at once.
   * One that takes longer than `holdsMs` is waited for, and no longer counted. Throws what the question throws.
   */
  async put(
    key: string,
    question: () => Promise<void>,
    { atOnce = 1, everyMs = 0, holdsMs }: HowToPut = {},
  ): Promise<boolean> {
    const now = this.#clock.now();
    if (this.underWay(key) >= atOnce || now - (this.#putAt.get(key) ?? -Infinity) < everyMs) return false;
    this.#putAt.set(key, now);
    this.#underWay.set(key, this.underWay(key) + 1);
    let holds = true;
    const leave = (): void => {
      if (holds) this.#underWay.set(key, this.underWay(key) - 1);
      holds = false;
    };
    const timer = holdsMs === undefined ? undefined : this.#clock.timer(holdsMs, leave, { background: true });
    try {
      await question();
      return true;
    } finally {
      timer?.cancel();
      leave();
    }
  }

  /** Whether every one of these takes connections and says nothing. */
  areSilent(keys: Iterable<string>): boolean {
    return [...keys].every((key) => this.paceOf(key).letInMs !== undefined);
  }

  paceOf(key: string): RoutePace {
    const pace = this.#paces.get(key) ?? new RoutePace(this.#clock);
    this.#paces.set(key, pace);
    return pace;
  }

  /** Something has changed: what is known of how quickly answers come is of another server, and nobody has been asked since. */
  hurry(): void {
    this.#putAt.clear();
    for (const pace of this.#paces.values()) pace.hurry();
  }
}
