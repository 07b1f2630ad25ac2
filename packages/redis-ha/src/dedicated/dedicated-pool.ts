import { createPool, type Pool } from 'generic-pool';
import { Deadline, HaError, sleep, wrongSetting } from '@steadfast/shared';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { Settings } from '../options/settings.ts';
import { sleepUnless } from '../wire/sleep-unless.ts';

/**
 * What a connection is when it comes back.
 * - `clean`: as it was lent
 * - `watching`: keys are watched; UNWATCH makes it clean
 * - `unclean`: anything else (a transaction, a subscription, another database, work in flight): it is not lent again
 * - `ended`: it was told to end, and serves nobody
 */
export type Condition = 'clean' | 'watching' | 'unclean' | 'ended';

/** What is needed of a connection. */
export interface Lendable {
  disconnect(): void;
  unwatch(): Promise<unknown>;
  removeAllListeners(): unknown;
}

export interface UseOptions {
  /** for all of it, waiting and work (default: failoverWaitMs for the waiting, no limit for the work) */
  deadlineMs?: number;
  signal?: AbortSignal;
}

export interface DedicatedPoolOptions<C extends Lendable> {
  settings: Settings;
  group: () => ReplicationGroup;
  /** a client of its own connection, not connected yet: it dials when it is first used, as any client does */
  open: () => C;
  conditionOf: (connection: C) => Condition;
}

/** One loan, or one wait for it: how to end it before its time. */
type Stop = (why: HaError) => void;

/**
 * Connections that are lent to one caller at a time, for what cannot share one: WATCH, commands that block, anything that a
 * connection remembers. Opening one never fails (it dials for itself, paced, within its commands' deadlines), so that an
 * outage cannot make the pool open and close them in a loop.
 */
export class DedicatedPool<C extends Lendable> {
  readonly #options: DedicatedPoolOptions<C>;
  readonly #pool: Pool<C>;
  readonly #loans = new Set<Stop>();
  #closing = false;
  #drained: Promise<void> | undefined;
  /** nothing may begin any more, not even what waits in the line */
  #ended = false;

  constructor(options: DedicatedPoolOptions<C>) {
    this.#options = options;
    const { useMax, useIdleMs } = options.settings.ha;
    const factory = {
      create: () => Promise.resolve(options.open()),
      destroy: (connection: C) => Promise.resolve(connection.disconnect()),
      validate: (connection: C) => Promise.resolve(options.conditionOf(connection) !== 'ended'),
    };
    this.#pool = createPool(factory, {
      max: useMax,
      testOnBorrow: true,
      idleTimeoutMillis: useIdleMs,
      evictionRunIntervalMillis: Math.max(250, useIdleMs / 4),
      numTestsPerEvictionRun: useMax,
    });
  }

  /**
   * Lends a connection to `work`. At the deadline, or when the signal fires, the connection is ended and the signal that `work`
   * was given fires: what was in flight then ends as `unknown`.
   * @throws HaError HA_NO_PRIMARY, HA_QUEUE_FULL, HA_CIRCUIT_OPEN, HA_CLOSED (`notSent`); HA_DEADLINE and HA_ABORTED, `notSent`
   * before `work` began and `unknown` after; and whatever `work` throws
   */
  async use<T>(
    work: (connection: C, signal: AbortSignal) => T | Promise<T>,
    options: UseOptions,
  ): Promise<T> {
    const { settings, group } = this.#options;
    const { clock, ha } = settings;
    const { signal, deadlineMs } = options;
    if (this.#closing) throw closed('notSent');
    const deadline = Deadline.after(clock, readDeadline(deadlineMs) ?? ha.failoverWaitMs);
    await group().monitor.whenPrimary(deadline, signal);
    const connection = await this.#acquire(deadline, signal);
    try {
      return await this.#run(connection, work, deadlineMs === undefined ? undefined : deadline, signal);
    } finally {
      // Not waited for: the work is done, and an UNWATCH may take as long as a failover.
      void this.#giveBack(connection).catch(() => undefined);
    }
  }

  /** Takes no more work, waits for what is under way for at most `limitMs`, then ends it; the first call says how long. */
  drain(limitMs: number): Promise<void> {
    return (this.#drained ??= this.#drain(limitMs));
  }

  /** Ends all of it now. */
  destroy(): void {
    this.#closing = true;
    this.#end();
    void this.#pool.drain().then(() => this.#pool.clear());
  }

  async #drain(limitMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const done = new AbortController();
    const drained = this.#pool.drain().then(() => done.abort());
    await sleep(this.#options.settings.clock, limitMs, { signal: done.signal });
    this.#end();
    await drained;
    await this.#pool.clear();
  }

  #end(): void {
    this.#ended = true;
    for (const stop of this.#loans) stop(closed('unknown'));
  }

  async #acquire(deadline: Deadline, signal: AbortSignal | undefined): Promise<C> {
    const { clock, ha } = this.#options.settings;
    // Asked again: the wait for a primary may have outlived the client.
    if (this.#closing) throw closed('notSent');
    if (this.#pool.pending >= ha.maxWaiting) throw full(ha.maxWaiting);
    const acquired = this.#pool.acquire();
    const got = new AbortController();
    const stop = (): void => got.abort();
    this.#loans.add(stop);
    const expired = sleepUnless(clock, deadline.remainingMs, [signal, got.signal]);
    const first = await Promise.race([acquired, expired]);
    this.#loans.delete(stop);
    got.abort();
    if (first !== undefined && !this.#ended) return first;
    // It stays in the line, and goes back when its turn comes.
    void acquired.then((connection) => this.#pool.release(connection)).catch(() => undefined);
    if (this.#ended) throw closed('notSent');
    throw signal?.aborted ? aborted(signal, 'notSent') : late(deadline, 'notSent', ha.useMax);
  }

  async #run<T>(
    connection: C,
    work: (connection: C, signal: AbortSignal) => T | Promise<T>,
    deadline: Deadline | undefined,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (signal?.aborted) throw aborted(signal, 'notSent');
    if (this.#ended) throw closed('notSent');
    const over = new AbortController();
    const ended = Promise.withResolvers<never>();
    const stop: Stop = (why) => {
      if (over.signal.aborted) return;
      over.abort(why);
      ended.reject(why);
      connection.disconnect();
    };
    const onAbort = (): void => stop(aborted(signal, 'unknown'));
    const { clock } = this.#options.settings;
    const timer = deadline && clock.timer(deadline.remainingMs, () => stop(late(deadline, 'unknown')));
    this.#loans.add(stop);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const done = Promise.resolve().then(() => work(connection, over.signal));
      return await Promise.race([ended.promise, done]);
    } finally {
      timer?.cancel();
      this.#loans.delete(stop);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #giveBack(connection: C): Promise<void> {
    const { conditionOf } = this.#options;
    if (conditionOf(connection) === 'watching') await connection.unwatch().catch(() => undefined);
    if (conditionOf(connection) !== 'clean') return this.#pool.destroy(connection);
    connection.removeAllListeners();
    return this.#pool.release(connection);
  }
}

function readDeadline(deadlineMs: number | undefined): number | undefined {
  if (deadlineMs === undefined || (Number.isFinite(deadlineMs) && deadlineMs > 0)) return deadlineMs;
  throw wrongSetting('use: deadlineMs', deadlineMs, 'milliseconds, more than 0');
}

function closed(outcome: 'notSent' | 'unknown'): HaError {
  return new HaError('HA_CLOSED', 'Connection is closed.', { outcome });
}

function aborted(signal: AbortSignal | undefined, outcome: 'notSent' | 'unknown'): HaError {
  return new HaError('HA_ABORTED', 'the work on a connection of its own was aborted', {
    outcome,
    cause: signal?.reason,
  });
}

function late(deadline: Deadline, outcome: 'notSent' | 'unknown', max?: number): HaError {
  const why = max === undefined ? 'had not ended' : `found none of ${max} connections free (option useMax)`;
  return new HaError('HA_DEADLINE', `use: the work ${why} within ${Math.round(deadline.totalMs)} ms`, {
    outcome,
  });
}

function full(limit: number): HaError {
  return new HaError('HA_QUEUE_FULL', `${limit} calls are waiting for a connection of their own already`, {
    outcome: 'notSent',
  });
}
