import {
  backoffMs,
  Deadline,
  Monitor,
  DialPacer,
  seededRandom,
  sleep,
  type Breaker,
  type Clock,
  type Endpoint,
  type Observation,
  type Prober,
  type Random,
  type Resolver,
} from '@steadfast/shared';
import { EventClock } from '../time/event-clock.ts';
import { Station } from './station.ts';

/** What one deployment costs to ask, and how long a failover takes in it, ms. */
export interface FleetKind {
  readonly rule: 'self' | 'nominated';
  /** connections of a process */
  readonly pool: number;
  readonly dialConcurrency: number;
  readonly loginMs: number;
  readonly questionMs: number;
  /** control plane: how many answer, and what a question takes there */
  readonly planes: number;
  readonly planeMs: number;
  /** all of them are asked each time, not one after the other */
  readonly askAll: boolean;
  /** in a search it is asked no more often, ms */
  readonly searchEveryMs: number;
  /** the control plane names the new primary so long before (-) or after it takes work */
  readonly namedMs: number;
}

export const FLEETS: { readonly patroni: FleetKind; readonly sentinel: FleetKind } = {
  patroni: {
    rule: 'self',
    pool: 5,
    dialConcurrency: 2,
    loginMs: 1,
    questionMs: 0.05,
    planes: 2,
    planeMs: 1,
    askAll: false,
    searchEveryMs: 250,
    namedMs: -150,
  },
  sentinel: {
    rule: 'nominated',
    pool: 1,
    dialConcurrency: 4,
    loginMs: 0.1,
    questionMs: 0.02,
    planes: 3,
    planeMs: 0.02,
    askAll: true,
    searchEveryMs: 0,
    namedMs: 800,
  },
};

export interface FleetRun {
  readonly processes: number;
  readonly paced: boolean;
  readonly busiestDials: number;
  readonly mostDialsOpen: number;
  readonly busiestPlane: number;
  /** questions to one of the control plane's services, by the second, from the loss to the promotion */
  readonly meanPlane: number;
  readonly busiestQuestions: number;
  /** from the promotion to a process's first connection, and to its last, ms */
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const OLD: Endpoint = { host: 'old', port: 1 };
const NEW: Endpoint = { host: 'new', port: 1 };
const OUTAGE_MS = 1_500;
const HEDGE_MS = 100;
const TIMEOUT_MS = 1_000;
const DIAL_TIMEOUT_MS = 5_000;
/** What has not come back by then is counted as that, ms. */
const LIMIT_MS = 120_000;

const closed: Breaker = {
  open: false,
  run: (work) => work(),
  close: () => undefined,
  shutdown: () => undefined,
};

/** All processes lose their primary at once; another takes work a while later, and all want their connections back. */
export async function runFleet(kind: FleetKind, processes: number, paced: boolean): Promise<FleetRun> {
  const time = new EventClock();
  const clock = time.share();
  const fleet = new Fleet(kind, clock);
  const all = Array.from({ length: processes }, (_, n) => fleet.start(seededRandom(n + 1), paced));
  await time.run(2_000);
  fleet.at = 'down';
  const before = Math.max(...fleet.planes.map(({ asked }) => asked));
  for (const process of all) process.lose();
  await time.run(2_000 + OUTAGE_MS + Math.min(0, kind.namedMs));
  if (kind.namedMs < 0) fleet.name();
  await time.run(2_000 + OUTAGE_MS);
  fleet.at = 'up';
  const promotedAt = time.now();
  const meanPlane = ((Math.max(...fleet.planes.map(({ asked }) => asked)) - before) * 1_000) / OUTAGE_MS;
  if (kind.namedMs >= 0) clock.timer(kind.namedMs, () => fleet.name());
  await time.run(promotedAt + LIMIT_MS, () => all.every(({ back }) => back.length === kind.pool));
  const recovered = (pick: (back: number[]) => number | undefined): number[] =>
    all.map(({ back }) => (pick(back) ?? Infinity) - promotedAt).toSorted((a, b) => a - b);
  const run = {
    processes,
    paced,
    busiestDials: fleet.logins.busiestPerSecond,
    mostDialsOpen: fleet.logins.mostOpen,
    busiestPlane: Math.max(...fleet.planes.map((plane) => plane.busiestPerSecond)),
    meanPlane,
    busiestQuestions: fleet.questions.busiestPerSecond,
    first: recovered((back) => back[0]),
    last: recovered((back) => (back.length === kind.pool ? back.at(-1) : undefined)),
  };
  await Promise.all(all.map((process) => process.close()));
  return run;
}

interface Process {
  /** when each of its connections was there again */
  readonly back: number[];
  lose(): void;
  close(): Promise<void>;
}

class Fleet {
  at: 'old' | 'down' | 'up' = 'old';
  readonly logins: Station;
  readonly questions: Station;
  readonly planes: readonly Station[];
  readonly #kind: FleetKind;
  readonly #clock: Clock;
  readonly #pushes: ((reason: string) => void)[] = [];
  #named = OLD;

  constructor(kind: FleetKind, clock: Clock) {
    this.#kind = kind;
    this.#clock = clock;
    this.logins = new Station(clock);
    this.questions = new Station(clock);
    this.planes = Array.from({ length: kind.planes }, () => new Station(clock));
  }

  /** The control plane names the new one, and pushes that where it can. */
  name(): void {
    this.#named = NEW;
    if (this.#kind.askAll) for (const push of this.#pushes) push('switched');
  }

  start(random: Random, paced: boolean): Process {
    const { rule, pool, dialConcurrency } = this.#kind;
    const clock = this.#clock;
    const monitor = new Monitor({
      name: 'fleet',
      clock,
      random,
      rule,
      seeds: [OLD, NEW],
      resolvers: [this.#resolver()],
      prober: this.#prober(),
      refreshMs: 5_000,
      searchMinMs: 25,
      searchMaxMs: rule === 'self' ? 100 : 250,
      probeTimeoutMs: TIMEOUT_MS,
      resolveTimeoutMs: TIMEOUT_MS,
    });
    const seat = monitor.seat({ clock, breaker: closed, maxWaiting: 100 });
    const pacer = new DialPacer(clock, random, { concurrency: dialConcurrency });
    const back: number[] = [];
    const one = async (): Promise<void> => {
      for (let attempts = 0; attempts < 200; attempts++) {
        const { endpoint } = await seat.whenConfirmed(Deadline.after(clock, 2 * LIMIT_MS));
        const dial = (): Promise<boolean> => this.#dial(endpoint);
        const stands = await (paced ? pacer.run(() => monitor.topology.generation, dial) : dial());
        if (stands) return void back.push(clock.now());
        monitor.suspect('a dial failed');
        await sleep(clock, backoffMs({ minMs: 2, maxMs: 250 }, attempts, random));
      }
    };
    monitor.start();
    const lose = (): void => {
      monitor.suspect('closed');
      for (let n = 0; n < pool; n++) one().catch(() => undefined);
    };
    const close = async (): Promise<void> => {
      seat.close();
      await monitor.close();
    };
    return { back, lose, close };
  }

  /** @returns whether it stands, on a primary, in time */
  #dial(endpoint: Endpoint): Promise<boolean> {
    if (endpoint.host === OLD.host && this.at !== 'old') return Promise.resolve(false);
    return new Promise((resolve) => {
      const late = this.#clock.timer(DIAL_TIMEOUT_MS, () => resolve(false));
      this.logins.ask(this.#kind.loginMs, () => {
        late.cancel();
        resolve(this.at === 'up');
      });
    });
  }

  /** A line to the standby stays open while a search is on: its first question is a login, the others are not. */
  #prober(): Prober {
    let line = false;
    return {
      probe: (endpoint, timeoutMs) => {
        const at = this.#clock.now();
        const old = endpoint.host === OLD.host;
        if (old && this.at !== 'old')
          return Promise.resolve({ kind: 'unreachable', endpoint, reason: 'refused', at });
        return new Promise<Observation>((resolve) => {
          const late = this.#clock.timer(timeoutMs, () =>
            resolve({ kind: 'unreachable', endpoint, reason: 'late', at }),
          );
          const answered = (): void => {
            late.cancel();
            line = true;
            const role = old || this.at === 'up' ? 'primary' : 'replica';
            const timeline = old ? 1 : 2;
            const epoch = this.#kind.rule === 'self' && role === 'primary' ? timeline : undefined;
            resolve({ kind: 'self', endpoint, role, epoch, at });
          };
          if (old) this.#clock.timer(1, answered);
          else this.questions.ask(line ? this.#kind.questionMs : this.#kind.loginMs, answered);
        });
      },
      rest: () => void (line = false),
      close: () => undefined,
    };
  }

  #resolver(): Resolver {
    const { askAll, searchEveryMs } = this.#kind;
    let turn = Math.floor(this.planes.length * 0.5 * (this.#pushes.length % 2));
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
          const late = this.#clock.timer(timeoutMs, () => settle(() => reject(new Error('late'))));
          const ask = (n: number): void =>
            this.planes[(turn + n) % this.planes.length]?.ask(this.#kind.planeMs, () => {
              if (open) settle(() => resolve(this.#view(at)));
            });
          const hedges = this.planes.map((_, n) =>
            this.#clock.timer(askAll ? 0 : n * HEDGE_MS, () => open && ask(n)),
          );
        });
      },
    };
  }

  #view(at: number): Observation[] {
    const endpoint = this.#named;
    return [{ kind: 'nomination', endpoint, epoch: endpoint === NEW ? 2 : 1, source: 'control plane', at }];
  }
}
