import type { Clock, Endpoint, Observation, Resolver } from '@steadfast/shared';
import type { FleetKind } from './kinds.ts';
import { Station } from './station.ts';
import { Tally } from './tally.ts';

/** The next one is asked beside one that hangs after so long, ms. */
const HEDGE_MS = 100;

/** What names the primary, at its own pace: Patroni's REST APIs, or the sentinels. */
export class ControlPlane {
  /** questions to each of them */
  readonly asked: readonly Tally[];
  readonly #clock: Clock;
  readonly #kind: FleetKind;
  readonly #planes: readonly Station[];
  readonly #pushes: ((reason: string) => void)[] = [];
  #named: { readonly endpoint: Endpoint; readonly epoch: number };

  constructor(clock: Clock, kind: FleetKind, primary: Endpoint) {
    this.#clock = clock;
    this.#kind = kind;
    this.#named = { endpoint: primary, epoch: 1 };
    this.#planes = Array.from({ length: kind.planes }, () => new Station(clock, kind.planeRoom));
    this.asked = this.#planes.map(() => new Tally());
  }

  /** It names another one, and pushes that where it can. */
  name(endpoint: Endpoint): void {
    this.#named = { endpoint, epoch: this.#named.epoch + 1 };
    if (this.#kind.askAll) for (const push of this.#pushes) push('switched');
  }

  /** For one process; half of them begin with the one, half with the other. */
  resolver(nth: number): Resolver {
    const { askAll, searchEveryMs, planes } = this.#kind;
    let turn = Math.floor(planes * 0.5 * (nth % 2));
    return {
      name: 'control plane',
      searchEveryMs,
      watch: (wake) => void this.#pushes.push(wake),
      close: () => undefined,
      resolve: (timeoutMs) => {
        const at = this.#clock.now();
        turn += 1;
        return new Promise((resolve, reject) => {
          let open = true;
          const settle = (then: () => void): void => {
            open = false;
            late.cancel();
            for (const timer of hedges) timer.cancel();
            then();
          };
          const late = this.#clock.timer(timeoutMs, () => settle(() => reject(LATE)));
          const ask = (n: number): void =>
            this.#ask((turn + n) % planes, () => {
              if (open) settle(() => resolve(this.#view(at)));
            });
          const hedges = this.#planes.map((_, n) =>
            this.#clock.timer(askAll ? 0 : n * HEDGE_MS, () => open && ask(n)),
          );
        });
      },
    };
  }

  #ask(n: number, done: () => void): void {
    this.asked[n]?.add(this.#clock.now());
    this.#planes[n]?.ask(this.#kind.planeMs, { done });
  }

  #view(at: number): Observation[] {
    return [{ kind: 'nomination', ...this.#named, source: 'control plane', at }];
  }
}

/** One for all: a stack for each would be most of the work. */
const LATE = new Error('late');
