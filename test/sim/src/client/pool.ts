import {
  backoffMs,
  endpointKey,
  HaError,
  isHaError,
  primaryOf,
  sleep,
  type Deadline,
  type Random,
  type Seat,
  type Timer,
  type TopologyChange,
} from '@steadfast/shared';

import type { World } from '../world/world.ts';
import type { Plane } from '../world/plane.ts';
import { Connection } from './connection.ts';
import type { Pacer, Parts } from './parts.ts';

/** A dial that has taken so long gets company, ms: as in pg-ha's lease. */
const HEDGE_MS = 250;

export interface PoolOptions {
  world: World;
  plane: Plane;
  parts: Parts;
  seat: Seat;
  random: Random;
  pacer: Pacer;
  max: number;
  dialTimeoutMs: number;
  silenceMs: number;
  failoverWaitMs: number;
  /** hears of each dial that begins and of each that was let in */
  dialled: (connection: Connection) => void;
  admitted: (connection: Connection) => void;
  suspected: () => void;
}

/** As LeaseRequest of pg-ha. */
interface Request {
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
  attempts: number;
  settled: boolean;
  granted(connection: Connection): void;
  failed(error: Error): void;
}

type Checkout = (error: Error | undefined, connection: Connection | undefined) => void;

/**
 * MODELLED: what pg-pool, HaClient, lease() and SilenceWatch do in pg-ha, in their order and with their numbers, without a
 * driver. REAL: whom it asks: the seat at the monitor, the picker, the pacer, backoff, the retry policy. A mistake found here
 * may be one of the model; the checks are about the parts below.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly connections: Set<Connection> = new Set();
  readonly #idle: Connection[] = [];
  /** pg-pool's own queue */
  readonly #queue: Checkout[] = [];
  readonly #queued = new Set<Request>();
  readonly #watch: { timer: Timer | undefined } = { timer: undefined };
  #ended = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    options.seat.onChange((change) => this.#follow(change));
    this.#look();
  }

  lease(deadline: Deadline, signal?: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        if (request.settled) return;
        request.settled = true;
        then();
      };
      const request: Request = {
        deadline,
        signal,
        attempts: 0,
        settled: false,
        granted: (connection) => settle(() => resolve(connection)),
        failed: (error) => settle(() => reject(error)),
      };
      this.#lease(request);
    });
  }

  /** Gives a connection back; one that has failed is closed. */
  release(connection: Connection, failed: boolean): void {
    if (failed || this.#ended || !connection.usable) return this.#remove(connection);
    connection.busySince = undefined;
    const next = this.#queue.shift();
    if (next) next(undefined, connection);
    else this.#idle.push(connection);
  }

  end(): void {
    this.#ended = true;
    this.#watch.timer?.cancel();
    for (const connection of [...this.connections]) {
      connection.close('the pool has been ended');
      this.#remove(connection);
    }
    for (const refuse of this.#queue.splice(0)) refuse(closed(), undefined);
  }

  /** A connection that leads to the primary has told something. */
  suspect(sign: string): void {
    this.#options.suspected();
    this.#options.parts.suspect(this.#options.seat, sign);
  }

  #lease(request: Request): void {
    if (request.settled) return;
    const { seat } = this.#options;
    if (primaryOf(seat.topology)) return this.#checkOutFor(request);
    seat.whenPrimary(request.deadline, request.signal).then(
      () => this.#checkOutFor(request),
      (error: Error) => request.failed(error),
    );
  }

  #checkOutFor(request: Request): void {
    request.attempts += 1;
    if (this.#ended) return request.failed(closed());
    if (this.#mayDial) return this.#race(request);
    if (this.#idle.length === 0) this.#queued.add(request);
    this.#checkOut((error, connection) => {
      this.#queued.delete(request);
      if (!connection) this.#again(request, error);
      else if (request.settled) this.release(connection, false);
      else if (!connection.usable) {
        this.#remove(connection);
        this.#lease(request);
      } else request.granted(connection);
    });
  }

  get #mayDial(): boolean {
    return this.#idle.length === 0 && this.connections.size < this.#options.max;
  }

  /** An idle connection, a new one, or a place in the queue. */
  #checkOut(done: Checkout): void {
    const idle = this.#idle.pop();
    if (idle) return done(undefined, idle);
    if (this.connections.size >= this.#options.max) return void this.#queue.push(done);
    const connection = new Connection(this.#options, (sign) => this.suspect(sign));
    this.connections.add(connection);
    connection.connect().then(
      () => done(undefined, connection),
      (error: Error) => {
        this.#remove(connection);
        done(error, undefined);
      },
    );
  }

  /** A dial that hangs gets company; the first that stands serves the request. */
  #race(request: Request): void {
    const { app } = this.#options.world;
    let underWay = 0;
    let over = false;
    let hedge: Timer;
    const dial = (): void => {
      underWay += 1;
      watch();
      this.#checkOut((error, connection) => {
        underWay -= 1;
        if (over || request.settled) return connection && this.release(connection, false);
        if (!connection && underWay > 0) return;
        over = true;
        hedge.cancel();
        if (connection) request.granted(connection);
        else this.#again(request, error);
      });
    };
    const watch = (): void => {
      hedge = app.timer(Math.min(HEDGE_MS, request.deadline.remainingMs), () => {
        if (over || request.settled) return;
        if (!request.deadline.expired) return this.#mayDial ? dial() : watch();
        over = true;
        request.failed(tooLate(new Error('dials are still under way')));
      });
    };
    dial();
  }

  #again(request: Request, error: Error | undefined): void {
    if (request.settled) return;
    const { parts, seat, random, world } = this.#options;
    const { deadline, signal, attempts } = request;
    if (this.#ended) return request.failed(closed());
    const attempt = {
      outcome: 'notSent',
      byRole: true,
      idempotent: true,
      attempts,
      expired: deadline.expired,
    } as const;
    if (isHaError(error, 'HA_AUTH')) return request.failed(error);
    if (!parts.decideRetry(attempt).retry) return request.failed(tooLate(error));
    const pause = deadline.stepMs(backoffMs({ minMs: 2, maxMs: 250 }, attempts - 1, random));
    sleep(world.app, pause, { signal })
      .then(() => seat.whenConfirmed(deadline, signal))
      .then(
        () => this.#lease(request),
        (thrown: Error) => request.failed(thrown),
      );
  }

  #remove(connection: Connection): void {
    if (!this.connections.delete(connection)) return;
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    connection.close('removed');
    const next = this.#queue.shift();
    if (next) this.#checkOut(next);
  }

  /** The primary has changed: what is older goes, also with work on it. */
  #follow({ previous, next }: TopologyChange): void {
    const primary = primaryOf(next);
    if (!primary || next.generation <= previous.generation) return;
    for (const connection of [...this.connections]) {
      if (!connection.supersededBy(next.generation, endpointKey(primary.endpoint))) continue;
      connection.close('HA_INTERRUPTED');
      if (this.#idle.includes(connection)) this.#remove(connection);
    }
  }

  /** As SilenceWatch: a sign when silence begins and whenever it has doubled; and waits that are over are ended. */
  #look(): void {
    const { world, seat, silenceMs, failoverWaitMs } = this.#options;
    this.#watch.timer = world.app.timer(250, () => {
      const now = world.app.now();
      for (const connection of this.connections) {
        const silentMs = now - (connection.busySince ?? now);
        if (silentMs >= connection.nextSignMs * silenceMs) {
          connection.nextSignMs *= 2;
          this.suspect('work in flight and no answer');
        }
        if (seat.state === 'searching' && silentMs >= failoverWaitMs) connection.close('no byte');
      }
      if (seat.state === 'searching')
        for (const request of this.#queued)
          if (request.deadline.expired) request.failed(tooLate(new Error('every connection is busy')));
      this.#look();
    });
  }
}

function tooLate(cause: Error | undefined): HaError {
  return new HaError('HA_NO_PRIMARY', `no connection in time: ${cause?.message}`, {
    outcome: 'notSent',
    cause,
  });
}

function closed(): HaError {
  return new HaError('HA_CLOSED', 'the pool has been ended', { outcome: 'notSent' });
}
