import type { Clock, Instant } from '@steadfast/shared';
import type { Pool, PoolClient } from 'pg';
import { internals, isUsable } from '../dial/client-internals.ts';
import { poolInternals, type PoolInternals } from './pool-internals.ts';

/** A connection whose statement has run for so long gets no other one behind it, ms. */
const SLOW_MS = 50;
/** So many statements later a shared connection goes back to pg-pool, which may want to end it. */
const TURN = 10_000;
/** So long a shared connection on which nothing is left stays at hand, ms. */
const LINGER_MS = 1;

/**
 * Lets statements share connections: where all are busy, the next one is sent behind others instead of waiting for a free
 * connection. To pg-pool a shared connection is one that is in use: nobody else is given it, and whoever waits in pg-pool's
 * queue is served in its order, statements by a place on a shared connection, the others by a connection of their own.
 */
export class Pipeline {
  readonly clock: Clock;
  readonly depth: number;
  readonly #pool: () => Pool;
  readonly #lanes = new Map<PoolClient, Lane>();
  /** what is on all shared connections together */
  inFlight = 0;
  #sweeping = false;

  constructor(depth: number, clock: Clock, pool: () => Pool) {
    this.depth = depth;
    this.clock = clock;
    this.#pool = pool;
  }

  get queue(): PoolInternals['_pendingQueue'] {
    return poolInternals(this.#pool())._pendingQueue;
  }

  get maxUses(): number {
    return this.#pool().options.maxUses;
  }

  /** Calls `checkout`, pg-pool's own connect, for a statement: where that queues, its place is known as one to be shared. */
  checkout(checkout: () => void): void {
    const { queue } = this;
    const before = queue.length;
    checkout();
    const place = queue.length > before ? queue.at(-1) : undefined;
    if (place) place.shares = true;
  }

  /** A place on a shared connection, taken; undefined where pg-pool has to be asked for a connection. */
  join(): PoolClient | undefined {
    const pool = this.#pool();
    if (pool.ending || this.queue.length > 0) return undefined;
    const lane = this.#best(pool.idleCount === 0 && pool.totalCount >= pool.options.max ? this.depth : 1);
    lane?.enter();
    return lane?.client;
  }

  /** Hands `client` to a statement, and a place on it to those that wait; `granted` sends the statement. */
  share(client: PoolClient, granted: () => void): void {
    const known = this.#lanes.get(client);
    if (known) return granted(); // its place was taken for it
    const lane = new Lane(this, client);
    this.#lanes.set(client, lane);
    lane.enter();
    granted();
    lane.fill();
  }

  /** Somebody wants a connection of its own. */
  makeRoom(): void {
    for (const lane of this.#lanes.values()) if (lane.free) return lane.giveBack();
  }

  /** Places on one connection, so that those who wait are spread over all of them. */
  get fairShare(): number {
    const wanted = Math.ceil((this.inFlight + this.queue.length) / Math.max(1, this.#pool().totalCount));
    return Math.min(this.depth, wanted);
  }

  givenBack(lane: Lane): void {
    this.#lanes.delete(lane.client);
  }

  /** Nothing is left on a connection: unless somebody comes at once, it goes back to pg-pool. */
  sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.clock.timer(LINGER_MS, () => {
      this.#sweeping = false;
      for (const lane of [...this.#lanes.values()]) if (lane.free) lane.giveBack();
    });
  }

  /** The least busy connection with less than `limit` on it. */
  #best(limit: number): Lane | undefined {
    let best: Lane | undefined;
    for (const lane of this.#lanes.values()) {
      if (lane.inFlight >= (best?.inFlight ?? limit) || !lane.open) continue;
      best = lane;
      if (lane.inFlight === 0) break;
    }
    return best;
  }
}

/** One connection that is shared: its `release` counts, and the last to leave gives it back to pg-pool. */
class Lane {
  readonly client: PoolClient;
  readonly #pipeline: Pipeline;
  /** pg-pool's own */
  readonly #release: (error?: Error | boolean) => void;
  readonly #pipelined: boolean;
  inFlight = 0;
  #served = 0;
  /** so many statements may be sent before it goes back: each of them is a use to `maxUses` */
  readonly #turn: number;
  /** since when the foremost statement has been that */
  #headSince: Instant = 0;
  /** why pg-pool is to end the connection */
  #condemned: Error | boolean | undefined;
  #corked = false;

  constructor(pipeline: Pipeline, client: PoolClient) {
    this.#pipeline = pipeline;
    this.client = client;
    const inner = internals(client);
    this.#release = inner.release;
    this.#pipelined = inner.pipeline ?? false;
    this.#turn = Math.min(TURN, pipeline.maxUses - (inner._poolUseCount ?? 0));
    inner.release = this.#left;
    inner.pipeline = true;
  }

  get free(): boolean {
    return this.inFlight === 0;
  }

  /** Whether another statement may be sent behind those that are on it. */
  get open(): boolean {
    if (this.#condemned !== undefined || this.#served >= this.#turn || !isUsable(this.client)) return false;
    return this.inFlight === 0 || this.#pipeline.clock.now() - this.#headSince < SLOW_MS;
  }

  enter(): void {
    if (this.inFlight === 0) this.#headSince = this.#pipeline.clock.now();
    this.inFlight += 1;
    this.#served += 1;
    this.#pipeline.inFlight += 1;
    this.#cork();
  }

  /** Serves pg-pool's queue, as far as statements stand in front. */
  fill(): void {
    const { queue } = this.#pipeline;
    while (queue[0]?.shares && this.open && this.inFlight < this.#pipeline.fairShare) {
      const place = queue.shift();
      this.enter();
      place?.callback(undefined, this.client, this.#left);
    }
  }

  giveBack(): void {
    const inner = internals(this.client);
    // pg itself answers what it could not put into a message, and the server's answer to the half of it is still to come.
    const unanswered = Boolean(inner._activeQuery || inner._sentQueryQueue?.length);
    inner.pipeline = this.#pipelined;
    this.#pipeline.givenBack(this);
    inner.release = this.#release;
    inner._poolUseCount = (inner._poolUseCount ?? 0) + this.#served - 1; // and pg-pool counts one
    this.#release(this.#condemned ?? unanswered);
  }

  readonly #left = (error?: Error | boolean): void => {
    this.inFlight -= 1;
    this.#pipeline.inFlight -= 1;
    this.#headSince = this.#pipeline.clock.now();
    if (error) this.#condemned ??= error;
    this.fill();
    if (this.inFlight > 0) return;
    if (this.#condemned !== undefined || this.#pipeline.queue.length > 0 || this.#served >= this.#turn)
      this.giveBack();
    else this.#pipeline.sweepLater();
  };

  /** What is written within one turn of the event loop leaves in one piece. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    const { stream } = internals(this.client).connection;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }
}
