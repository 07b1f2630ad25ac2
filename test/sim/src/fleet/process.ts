import {
  backoffMs,
  Deadline,
  DialPacer,
  Monitor,
  seededRandom,
  sleep,
  type Breaker,
  type Endpoint,
  type Random,
  type Resolver,
  type Seat,
} from '@steadfast/shared';
import { FleetProber, type FleetProberOptions } from './fleet-prober.ts';
import type { FleetKind } from './kinds.ts';

/** At least, and so long that the questions of all at rest, each a login, are a tenth of what the primary can take, ms. */
const REFRESH_MS = 5_000;
const TIMEOUT_MS = 1_000;
const DIAL_TIMEOUT_MS = 5_000;
/** Nobody gives up for himself, ms. */
const PATIENCE_MS = 1_000_000;

const closed: Breaker = {
  open: false,
  run: (work) => work(),
  close: () => undefined,
  shutdown: () => undefined,
};

export interface ProcessOptions extends Pick<FleetProberOptions, 'clock' | 'server' | 'free' | 'self'> {
  readonly kind: FleetKind;
  readonly seed: number;
  readonly processes: number;
  readonly paced: boolean;
  readonly seeds: readonly Endpoint[];
  readonly resolver: Resolver;
  /** hears when a dial begins, and returns who hears when it ends */
  readonly dialling: () => () => void;
}

/** One process: the real monitor, seat and pacer; of its pool only that it wants its connections. */
export class Process {
  /** when each of its connections was there again */
  readonly back: number[] = [];
  readonly #options: ProcessOptions;
  readonly #random: Random;
  readonly #monitor: Monitor;
  readonly #seat: Seat;
  readonly #pacer: DialPacer;
  readonly #prober: FleetProber;

  constructor(options: ProcessOptions) {
    const { clock, server, free, self, kind, resolver, seed, seeds } = options;
    const scout = {
      wanted: (): boolean => this.#seat.waiting > 0,
      eager: (): boolean => this.#monitor.state === 'searching',
    };
    this.#options = options;
    this.#random = seededRandom(seed);
    this.#prober = new FleetProber({ clock, server, free, self, scout: kind.spares ? scout : undefined });
    this.#pacer = new DialPacer(clock, this.#random, { concurrency: kind.dialConcurrency });
    this.#monitor = new Monitor({
      name: 'fleet',
      clock,
      random: this.#random,
      rule: kind.rule,
      seeds,
      resolvers: [resolver],
      prober: this.#prober,
      refreshMs: Math.max(REFRESH_MS, options.processes * kind.loginMs * 10),
      searchMinMs: 25,
      searchMaxMs: kind.rule === 'self' ? 100 : 250,
      probeTimeoutMs: TIMEOUT_MS,
      resolveTimeoutMs: TIMEOUT_MS,
    });
    this.#seat = this.#monitor.seat({ clock, breaker: closed, maxWaiting: 100 });
    this.#monitor.start();
  }

  get isBack(): boolean {
    return this.back.length === this.#options.kind.pool;
  }

  /** All of its connections are closed at once, and all are wanted back. */
  lose(): void {
    this.#monitor.suspect('closed');
    for (let n = 0; n < this.#options.kind.pool; n++) this.#reconnect().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#seat.close();
    await this.#monitor.close();
  }

  async #reconnect(): Promise<void> {
    const { clock, paced } = this.#options;
    const deadline = Deadline.after(clock, PATIENCE_MS);
    for (let attempts = 0; ; attempts++) {
      const { endpoint } = await this.#seat.whenConfirmed(deadline);
      const spare = this.#prober.takeSpare();
      const dial = (): Promise<boolean> => (spare ? Promise.resolve(true) : this.#dial(endpoint));
      const stands = await (paced ? this.#pacer.run(() => this.#monitor.topology.generation, dial) : dial());
      if (stands) return void this.back.push(clock.now());
      this.#monitor.suspect('a dial failed');
      await sleep(clock, backoffMs({ minMs: 2, maxMs: 250 }, attempts, this.#random));
    }
  }

  /** @returns whether it stands, on a primary, in time */
  #dial(endpoint: Endpoint): Promise<boolean> {
    const { clock, kind, server, dialling } = this.#options;
    if (endpoint.host === 'old') return Promise.resolve(false);
    const over = dialling();
    return new Promise((resolve) => {
      const settle = (stands: boolean): void => {
        late.cancel();
        over();
        resolve(stands);
      };
      const late = clock.timer(DIAL_TIMEOUT_MS, () => {
        giveUp();
        settle(false);
      });
      const giveUp = server.logIn(kind.dialsKnock ? 'knocks' : 'kernel', {
        done: () => settle(server.promoted),
      });
    });
  }
}
