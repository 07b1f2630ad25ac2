import {
  DnsResolver,
  isHaError,
  Monitor,
  primaryOf,
  RetryBudget,
  seededRandom,
  type MonitorOptions,
  type Observation,
  type Resolver,
  type Seat,
} from '@steadfast/shared';
import type { Plane } from '../world/plane.ts';
import type { World } from '../world/world.ts';
import type { Connection } from './connection.ts';
import { Call, type CallOptions, type Caller, type Result } from './call.ts';
import type { Parts } from './parts.ts';
import { Pool } from './pool.ts';
import { SimProber } from './sim-prober.ts';

/** The settings of a process, as the option tables have them. */
export interface Settings {
  refreshMs: number;
  searchMinMs: number;
  searchMaxMs: number;
  probeTimeoutMs: number;
  dialTimeoutMs: number;
  silenceMs: number;
  failoverWaitMs: number;
  maxWaiting: number;
  poolMax: number;
  dialConcurrency: number;
  pools: number;
}

/** Right after a failover a load balancer may lead one dial in two to the server of before, ms: as in pg-ha's assembly. */
export const ROUTE_HEDGE_MS = 25;

/** What the checks want to hear of. */
export interface Watcher {
  dialled(pool: number, connection: Connection): void;
  admitted(pool: number, connection: Connection): void;
  heard(timeline: number): void;
  /** a connection has told something that speaks against the primary */
  suspected(): void;
}

/** One process of an app: a monitor, and pools that share it. */
export class AppProcess {
  readonly monitor: Monitor;
  readonly seats: readonly Seat[];
  readonly pools: readonly Pool[];
  readonly prober: SimProber;
  /** questions put to the control plane */
  readonly resolver: { asked: number; atOnce: number; mostAtOnce: number } = {
    asked: 0,
    atOnce: 0,
    mostAtOnce: 0,
  };
  readonly #world: World;
  readonly #callers: readonly Caller[];
  readonly #parts: Parts;

  constructor(world: World, plane: Plane, settings: Settings, parts: Parts, seed: number, watcher: Watcher) {
    const random = seededRandom(seed);
    const { refreshMs, searchMinMs, searchMaxMs, probeTimeoutMs, failoverWaitMs } = settings;
    this.#world = world;
    this.#parts = parts;
    this.prober = new SimProber(world, plane, (timeline) => watcher.heard(timeline));
    const options: MonitorOptions = {
      name: 'sim',
      clock: world.app,
      random,
      rule: plane.rule,
      seeds: plane.seeds,
      resolvers: this.#resolvers(plane),
      prober: this.prober,
      refreshMs,
      searchMinMs,
      searchMaxMs,
      probeTimeoutMs,
      resolveTimeoutMs: probeTimeoutMs,
    };
    this.monitor = new Monitor(parts.monitorOptions(options));
    const breaker = (): ReturnType<Parts['breaker']> =>
      parts.breaker({
        name: 'sim',
        threshold: 5,
        resetMs: 10_000,
        counts: (error) => isHaError(error, 'HA_NO_PRIMARY'),
      });
    this.seats = Array.from({ length: settings.pools }, () =>
      this.monitor.seat({
        clock: world.app,
        breaker: breaker(),
        longOutageMs: failoverWaitMs,
        maxWaiting: parts.maxWaiting(settings.maxWaiting),
      }),
    );
    const hedge = plane.rule === 'route' ? { firstHedgeMs: ROUTE_HEDGE_MS } : {};
    this.pools = this.seats.map((seat, n) => {
      const pacer = parts.pacer(world.app, random, { concurrency: settings.dialConcurrency, ...hedge });
      const { poolMax: max, dialTimeoutMs, silenceMs } = settings;
      const dialled = (connection: Connection): void => watcher.dialled(n, connection);
      const admitted = (connection: Connection): void => watcher.admitted(n, connection);
      const timing = { max, dialTimeoutMs, silenceMs, failoverWaitMs };
      const suspected = (): void => watcher.suspected();
      return new Pool({ world, plane, parts, seat, random, pacer, ...timing, dialled, admitted, suspected });
    });
    let tokens = 0;
    this.#callers = this.pools.map((pool, n) => ({
      world,
      parts,
      pool,
      seat: this.seats[n] as Seat,
      random,
      budget: new RetryBudget(world.app, { capacity: 1_000, perSecond: 100 }),
      failoverWaitMs,
      token: () => (tokens += 1),
    }));
    this.monitor.onChange(({ next, reason }) => {
      const primary = primaryOf(next);
      world.trace.note(
        'topology',
        primary ? primary.endpoint.host : 'searching',
        next.epoch,
        next.generation,
        reason,
      );
    });
  }

  call(pool: number, options: CallOptions): Promise<Result> {
    return new Call(this.#callers[pool] as Caller, options).run();
  }

  /** Ends one pool, and its waiting calls; the monitor goes on for the others. */
  endPool(n: number): void {
    this.pools[n]?.end();
    this.seats[n]?.close();
  }

  async close(): Promise<void> {
    this.pools.forEach((_, n) => this.endPool(n));
    await this.monitor.close();
    if (!this.#parts.tidy) this.#world.app.timer(60_000, () => undefined);
  }

  #resolvers(plane: Plane): Resolver[] {
    const { ask, onPush, find, searchEveryMs = 0 } = plane;
    if (find) {
      const counted = (): Promise<readonly string[]> => this.#count(() => find('db'));
      return [new DnsResolver({ hostname: 'db', find: counted, clock: this.#world.app, watchMs: 1_000 })];
    }
    if (!ask) return [];
    return [
      {
        name: 'control plane',
        searchEveryMs,
        resolve: (timeoutMs) => this.#count<readonly Observation[]>(() => ask(timeoutMs)),
        ...(onPush && { watch: onPush }),
        close: () => undefined,
      },
    ];
  }

  async #count<T>(question: () => Promise<T>): Promise<T> {
    const { resolver } = this;
    resolver.asked += 1;
    resolver.atOnce += 1;
    resolver.mostAtOnce = Math.max(resolver.mostAtOnce, resolver.atOnce);
    try {
      return await question();
    } finally {
      resolver.atOnce -= 1;
    }
  }
}
