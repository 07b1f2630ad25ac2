import { HaError } from '../errors/ha-error.ts';
import type { Breaker } from '../policy/breaker.ts';
import { Deadline } from '../runtime/deadline.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { seededRandom } from '../runtime/random.ts';
import { sleep } from '../runtime/sleep.ts';
import { endpointKey, type Endpoint } from '../topology/endpoint.ts';
import type { Observation } from '../topology/observation.ts';
import type { EpochRule } from '../topology/topology.ts';
import { Monitor } from './monitor.ts';
import type { TopologyChange } from './monitor-options.ts';
import type { Resolver } from './resolver.ts';
import type { Seat } from './seat.ts';

export const A: Endpoint = { host: 'a', port: 1 };
export const B: Endpoint = { host: 'b', port: 1 };

/** How a scripted member answers: its role and timeline, not at all, or with a refusal. */
export type Answer =
  { role: 'primary' | 'replica'; epoch?: number } | 'silent' | 'refused' | 'wrong password';

export const open: Breaker = {
  open: false,
  run: (work) => work(),
  close: () => undefined,
  shutdown: () => undefined,
};

/** Two scripted members and a control plane, and the monitor that watches them on a manual clock. */
export class Cluster {
  readonly clock: ManualClock = new ManualClock();
  readonly answers: Map<string, Answer> = new Map();
  readonly asked: string[] = [];
  readonly changes: TopologyChange[] = [];
  nominee: Endpoint | undefined;
  nomineeEpoch: number | undefined;
  /** how long the control plane takes to answer with what it knew when it was asked */
  controlPlaneMs = 0;
  /** how often the control plane may be asked in a search, ms, and how often it was */
  planeEveryMs = 0;
  planeAsked: number = 0;
  planeFails: boolean = false;
  rests: number = 0;
  readonly loop: Monitor;
  readonly monitor: Seat;

  constructor(a: Answer, b: Answer, rule: EpochRule = 'self', controlPlane = true) {
    this.set(A, a);
    this.set(B, b);
    this.loop = new Monitor({
      name: 'test',
      clock: this.clock,
      random: seededRandom(3),
      rule,
      seeds: [A, B],
      resolvers: controlPlane ? [this.#controlPlane()] : [],
      prober: {
        probe: (endpoint, timeoutMs, patienceMs = timeoutMs, signs) =>
          this.#probe(endpoint, patienceMs, signs?.heard),
        rest: () => void (this.rests += 1),
        close: () => undefined,
      },
      refreshMs: 5_000,
      searchMinMs: 25,
      searchMaxMs: 250,
      probeTimeoutMs: 1_000,
      resolveTimeoutMs: 1_000,
    });
    this.monitor = this.seat();
    this.monitor.onChange((change) => this.changes.push(change));
  }

  seat(maxWaiting = 10): Seat {
    return this.loop.seat({ clock: this.clock, breaker: open, maxWaiting });
  }

  #controlPlane(): Resolver {
    const everyMs = (): number => this.planeEveryMs;
    return {
      name: 'control plane',
      get searchEveryMs() {
        return everyMs();
      },
      resolve: async () => {
        this.planeAsked += 1;
        if (this.planeFails) throw new Error('the control plane is away');
        const nominations = this.#nominations();
        if (this.controlPlaneMs > 0) await sleep(this.clock, this.controlPlaneMs);
        return nominations;
      },
      close: () => undefined,
    };
  }

  #nominations(): Observation[] {
    if (!this.nominee) return [];
    const { nominee: endpoint, nomineeEpoch: epoch } = this;
    return [{ kind: 'nomination', endpoint, epoch, source: 'x', at: this.clock.now() }];
  }

  set(endpoint: Endpoint, answer: Answer): void {
    this.answers.set(endpointKey(endpoint), answer);
  }

  wait(ms: number): Promise<string> {
    return this.monitor.whenPrimary(Deadline.after(this.clock, ms)).then((primary) => primary.endpoint.host);
  }

  async #probe(endpoint: Endpoint, patienceMs: number, heard?: () => void): Promise<Observation> {
    const at = this.clock.now();
    const answer = this.answers.get(endpointKey(endpoint)) ?? 'refused';
    this.asked.push(endpoint.host);
    if (answer === 'wrong password')
      throw new HaError('HA_AUTH', `${endpoint.host} refuses`, { outcome: 'notSent' });
    if (answer === 'silent') await sleep(this.clock, patienceMs);
    if (typeof answer === 'string') return { kind: 'unreachable', endpoint, reason: answer, at };
    heard?.();
    return { kind: 'self', endpoint, at, ...answer };
  }
}
