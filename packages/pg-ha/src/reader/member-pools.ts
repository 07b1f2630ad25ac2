import type pg from 'pg';
import { endpointKey, type Endpoint } from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';
import { poolInternals, endWaiting } from '../pool/pool-internals.ts';

const EVENTS = ['connect', 'acquire', 'release', 'remove', 'error'] as const;

/** More pools than any cluster has members; those whose member is gone are closed when there is nothing on them. */
const MAX_POOLS = 64;

/**
 * One small pg.Pool for each member that has answered a read: which member serves a call is then a choice between pools, and
 * each is pg-pool as it is. Their events reach `listener`'s listeners.
 */
export class MemberPools {
  readonly #make: (endpoint: Endpoint) => pg.Pool;
  readonly #listener: () => pg.Pool;
  readonly #pools = new Map<string, pg.Pool>();

  constructor(listener: () => pg.Pool, make: (endpoint: Endpoint) => pg.Pool) {
    this.#listener = listener;
    this.#make = make;
  }

  at(endpoint: Endpoint): pg.Pool {
    const key = endpointKey(endpoint);
    const known = this.#pools.get(key);
    if (known) return known;
    if (this.#pools.size >= MAX_POOLS) this.#forgetOne();
    const pool = this.#make(endpoint);
    for (const event of EVENTS)
      pool.on(
        event as 'connect',
        (...args: unknown[]) => void this.#listener().emit(event as 'connect', ...(args as [])),
      );
    this.#pools.set(key, pool);
    return pool;
  }

  /** Connections of ours to a member that are doing something, and calls that wait for one. */
  load(endpoint: Endpoint): number {
    const pool = this.#pools.get(endpointKey(endpoint));
    return pool ? pool.totalCount - pool.idleCount + pool.waitingCount : 0;
  }

  get clients(): readonly HaClient[] {
    return this.#all.flatMap((pool) => poolInternals(pool)._clients);
  }

  count(which: 'totalCount' | 'idleCount' | 'waitingCount' | 'expiredCount'): number {
    return this.#all.reduce((sum, pool) => sum + pool[which], 0);
  }

  /** Ends the connections that `condemned` says are worthless: idle ones silently, the others by `interrupt`. */
  evict(condemned: (client: HaClient) => boolean, interrupt: (client: HaClient) => void): void {
    for (const pool of this.#all) evict(pool, condemned, interrupt);
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#all.map((pool) => {
        const ended = pool.end();
        endWaiting(pool);
        return ended;
      }),
    );
  }

  get #all(): pg.Pool[] {
    return [...this.#pools.values()];
  }

  #forgetOne(): void {
    for (const [key, pool] of this.#pools) {
      if (pool.totalCount > pool.idleCount) continue;
      this.#pools.delete(key);
      void pool.end();
      return;
    }
  }
}

/** Ends connections of one pool: idle ones silently, busy ones by `interrupt`, so that what is on them ends with its outcome. */
export function evict(
  pool: pg.Pool,
  condemned: (client: HaClient) => boolean,
  interrupt: (client: HaClient) => void,
): void {
  const inner = poolInternals(pool);
  const idle = new Set(inner._idle.map((item) => item.client));
  for (const client of inner._clients.filter(condemned)) {
    if (!idle.has(client)) interrupt(client);
    else {
      inner._remove(client);
      client.interrupt(); // nothing is on it, so nobody needs a reason
    }
  }
}
