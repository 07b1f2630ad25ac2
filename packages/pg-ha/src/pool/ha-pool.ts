import pg from 'pg';
import {
  asError,
  createLogger,
  Deadline,
  describeError,
  endpointKey,
  HaError,
  primaryOf,
  type Endpoint,
  type HaLogger,
  type TopologyChange,
} from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';
import { withCallersStack } from '../errors/callers-stack.ts';
import {
  readPoolOptions,
  settingWarnings,
  type HaPoolOptions,
  type PoolSettings,
} from '../options/pool-options.ts';
import { createListener } from '../listen/create-listener.ts';
import type { Listener } from '../listen/listener.ts';
import type { Listening, ListenOptions, NotificationHandler } from '../listen/subscription.ts';
import type { SessionAttrs } from '../options/session-attrs.ts';
import { evict, type MemberPools } from '../reader/member-pools.ts';
import type { Reads } from '../reader/reads.ts';
import { readToken, TOKEN_SQL, type TokenRow } from '../reader/wal-position.ts';
import { PoolTelemetry } from '../telemetry/pool-telemetry.ts';
import { runStatement } from '../transaction/run-statement.ts';
import type { TransactionOptions } from '../transaction/run-transaction.ts';
import { assemble } from './assemble.ts';
import { askAboutDeadLinks, type DeadLinks } from './dead-links.ts';
import { poolHealth, type PoolHealth } from './health.ts';
import { giveUpExpired, joinQueued } from './lease.ts';
import { spreadLifetimes } from './lifetime.ts';
import type { PoolCore } from './pool-core.ts';
import { forget, poolInternals, endWaiting } from './pool-internals.ts';
import type { PoolEvents } from './pool-events.ts';
import type { HaQueryConfig, HaQueryOptions } from './query-runner.ts';
import { SilenceWatch } from './silence-watch.ts';

type Callback<T> = (error: Error | undefined, value: T | undefined) => void;
type ConnectCallback = Parameters<pg.Pool['connect']>[0];
/** pg.Pool's own events, as its types have them. */
type PoolEvent = 'error' | 'release' | 'connect' | 'acquire' | 'remove';
type PoolListener<K extends PoolEvent> = K extends 'error' | 'release'
  ? (error: Error, client: pg.PoolClient) => void
  : (client: pg.PoolClient) => void;

/**
 * A pg.Pool that follows the primary. Everything of pg.Pool works as before; a failover becomes a wait.
 *
 * @example
 * const pool = new HaPool(); // PG_HA_STRATEGY, PG_HA_PATRONI_URLS, DATABASE_URL …
 * await pool.query('SELECT now()');
 */
export class HaPool extends pg.Pool {
  readonly #core: PoolCore;
  readonly #silence: SilenceWatch;
  /** for a pool whose sessions are its own, on the primary */
  readonly #deadLinks: DeadLinks | undefined;
  /** for a pool that runs reads alone */
  readonly #reads: Reads | undefined;
  readonly #makeReader: () => HaPool;
  #reader: HaPool | undefined;
  readonly #makeListener: () => Listener;
  #listener: Listener | undefined;
  readonly #leave: () => Promise<void>;
  readonly #log: HaLogger;
  readonly #telemetry: PoolTelemetry;

  /**
   * @param options win over the environment (`env`, default `process.env`)
   * @throws HaError HA_CONFIG naming the option or variable, its value and what is allowed
   */
  constructor(options: HaPoolOptions = {}) {
    const settings = readPoolOptions(options);
    const log = createLogger('pg-ha', settings.ha.logLevel, options.logger, namesOf(settings));
    const telemetry = (): PoolTelemetry => this.#telemetry;
    const { core, reads, Client, PoolClient, stream, leave } = assemble(settings, options, log, telemetry, {
      pool: () => this,
      checkout: (callback) => super.connect(callback),
      mayDial: () => this.idleCount === 0 && this.totalCount < this.options.max,
      waiting: () => poolInternals(this)._pendingQueue,
      isFull: () => this.idleCount <= this.waitingCount && this.totalCount >= this.options.max,
      dropStale: () => dropStale(this),
      gone: (client) => forget(this, client),
    });
    const { verify } = core.verification;
    const config = { ...settings.pool, ...(stream && { stream }) } as pg.PoolConfig;
    super({ ...config, ...(verify && { verify }), Client: PoolClient } as pg.PoolConfig);
    try {
      this.#telemetry = createTelemetry(this, core, log, settings, options.metrics);
    } catch (error) {
      void leave();
      throw error;
    }
    this.#core = this.#telemetry.core;
    this.#reads = reads;
    if (reads) showCounts(this, reads.pools);
    this.#makeReader = () => new HaPool({ ...options, targetSessionAttrs: readerAttrs(settings) });
    const { tell } = this.#telemetry;
    this.#makeListener = () => createListener({ settings, core, log, config, Client, tell });
    this.#leave = leave;
    this.#log = log;
    for (const warning of settingWarnings(settings)) log.warn({ event: 'setting' }, warning);
    core.monitor.onChange((change) => this.#follow(change));
    Object.assign(this.options, this.primary); // another pool may know it already
    if (!core.pooler) {
      const serverOf = reads && ((client: HaClient): Endpoint | undefined => reads.serverOf(client));
      this.#deadLinks = askAboutDeadLinks(settings, core, log, stream, serverOf);
    }
    this.#silence = new SilenceWatch({
      clock: core.clock,
      silenceMs: settings.ha.silenceMs,
      idleCheckMs: settings.ha.idleCheckMs || undefined,
      clients: () => reads?.pools.clients ?? poolInternals(this)._clients,
      onSilence: (client, silentMs, news) => this.#heardNothing(client, silentMs, news),
      onLook: () => {
        giveUpExpired(core);
        this.#deadLinks?.look();
      },
    });
    spreadLifetimes(this, settings.ha.maxLifetimeJitterPercent, core);
    joinQueued(core, this);
  }

  /** The primary that is being followed, or undefined while there is none. */
  get primary(): Endpoint | undefined {
    return primaryOf(this.#core.monitor.topology)?.endpoint;
  }

  /** For readiness probes. */
  health(): PoolHealth {
    return poolHealth(this.#core.monitor, this.#core.clock, this, this.#reads?.health());
  }

  /**
   * A pool for reads, over the standbys that are fresh enough, else (`readerFallback`) the primary: made when first asked for,
   * ended with this one. What it runs may be run again, elsewhere; a write is refused with HA_READ_ONLY. A pool that was made
   * for reads (`targetSessionAttrs`) is its own.
   */
  get reader(): HaPool {
    if (this.#reads) return this;
    this.#reader ??= this.#makeReader();
    if (this.ending && !this.#reader.ending) void this.#reader.end();
    return this.#reader;
  }

  /**
   * Names what is committed now, as a short text for a cookie or a job: `reader.query({ text, after: token })` is answered by
   * a server that holds it. Take it after COMMIT has been answered.
   * @throws HaError with its outcome
   */
  async token(): Promise<string> {
    if (this.#reads)
      throw new HaError('HA_READ_ONLY', 'a token is taken from the pool of the primary', {
        outcome: 'notSent',
      });
    const { rows } = await this.query<TokenRow>({ text: TOKEN_SQL, idempotent: true });
    return readToken(rows);
  }

  /**
   * Runs `fn` in a transaction on the primary and commits it; replays it where nothing of it was applied: a serialization
   * failure, a deadlock, a connection lost before COMMIT was sent. `fn` must therefore do nothing but SQL on its client.
   * With `commitProof` a lost answer to COMMIT is resolved, so that the work is applied exactly once.
   * @throws what `fn` throws (after ROLLBACK); HaError with its outcome
   */
  transaction<T>(fn: (client: pg.PoolClient) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#telemetry.transaction(fn, options);
  }

  /**
   * Hears what is NOTIFYed on `channel`, on a connection of its own that all channels of this pool share and that follows the
   * primary. Payloads come in order, the next when the handler (or its promise) is done with the one before. Where some may
   * have been missed, `onGap` and the event 'gap' tell from when to when.
   * @throws HaError HA_CONFIG, HA_NO_PRIMARY, HA_READ_ONLY, HA_CLOSED
   */
  async listen(
    channel: string,
    handler: NotificationHandler,
    options: ListenOptions = {},
  ): Promise<Listening> {
    if (this.ending) throw new HaError('HA_CLOSED', 'the pool has been ended', { outcome: 'notSent' });
    this.#listener ??= this.#makeListener();
    return this.#listener.listen(channel, handler, options);
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    if (callback)
      return this.#lease((error, client) =>
        callback(error, client, (release?: Error | boolean) => client?.release(release)),
      );
    return new Promise((resolve) => {
      this.#lease((error, client) => resolve(client ?? withCallersStack(asError(error))));
    });
  }

  // pg.Pool's own overloads, with our options added to the config; rows are `any` by default as they are there.
  /* oxlint-disable typescript/no-explicit-any */
  override query<T extends pg.Submittable>(queryStream: T): T;
  override query<R extends unknown[] = any[], I = any[]>(
    queryConfig: pg.QueryArrayConfig<I> & HaQueryOptions,
    values?: pg.QueryConfigValues<I>,
  ): Promise<pg.QueryArrayResult<R>>;
  override query<R extends pg.QueryResultRow = any, I = any[]>(
    queryTextOrConfig: string | (pg.QueryConfig<I> & HaQueryOptions),
    values?: pg.QueryConfigValues<I>,
  ): Promise<pg.QueryResult<R>>;
  override query<R extends unknown[] = any[], I = any[]>(
    queryConfig: pg.QueryArrayConfig<I> & HaQueryOptions,
    callback: (error: Error, result: pg.QueryArrayResult<R>) => void,
  ): void;
  override query<R extends pg.QueryResultRow = any, I = any[]>(
    queryTextOrConfig: string | (pg.QueryConfig<I> & HaQueryOptions),
    callback: (error: Error, result: pg.QueryResult<R>) => void,
  ): void;
  override query<R extends pg.QueryResultRow = any, I = any[]>(
    queryText: string,
    values: pg.QueryConfigValues<I>,
    callback: (error: Error, result: pg.QueryResult<R>) => void,
  ): void;
  /* oxlint-enable typescript/no-explicit-any */
  override query(...args: unknown[]): unknown {
    const [config, second, third] = args;
    const callback = [second, third].find((arg) => typeof arg === 'function') as
      Callback<pg.QueryResult> | undefined;
    if (config === null || config === undefined || typeof config === 'function' || isSubmittable(config)) {
      return (super.query as (...all: unknown[]) => unknown).apply(this, args);
    }
    const values = typeof second === 'function' ? undefined : (second as unknown[] | undefined);
    const query = config as string | HaQueryConfig;
    const result = this.#telemetry.watchesQueries
      ? this.#telemetry.query(query, values)
      : runStatement(this.#core, query, values);
    if (!callback) return result;
    result.then(
      (value) => process.nextTick(callback, undefined, value),
      (error: Error) => process.nextTick(callback, error),
    );
    return undefined;
  }

  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | void {
    const ended = this.#end();
    if (!callback) return ended;
    ended.then(() => callback(), callback);
  }

  /** Our own events are typed beside pg.Pool's; each comes after what it tells of has taken effect. */
  override on<E extends keyof PoolEvents>(event: E, listener: (news: PoolEvents[E]) => void): this;
  override on<K extends PoolEvent>(event: K, listener: PoolListener<K>): this;
  override on(event: string, listener: (...news: never[]) => void): this {
    return super.on(event as 'connect', listener as PoolListener<'connect'>);
  }

  /** An 'error' nobody listens to is logged; it never kills the process. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'error' && this.listenerCount('error') === 0) {
      this.#log.warn(
        { event: 'connection-lost', error: describeError(args[0]) },
        'an idle connection was lost',
      );
      return false;
    }
    return super.emit(event as 'error', ...(args as [Error, pg.PoolClient]));
  }

  #lease(callback: Callback<pg.PoolClient>): void {
    if (this.ending) return super.connect((error, client) => callback(error, client));
    const { clock, failoverWaitMs, servers } = this.#core;
    servers.lease({
      deadline: Deadline.after(clock, failoverWaitMs),
      signal: undefined,
      attempts: 0,
      settled: false,
      granted: (client) => callback(undefined, client),
      failed: (error) => callback(error, undefined),
    });
  }

  /** The primary has changed: connections to the old one are closed, at once and also those with work on them, and outrun dials. */
  #follow(change: TopologyChange): void {
    const { previous, next } = change;
    const primary = primaryOf(next);
    if (primary) Object.assign(this.options, primary.endpoint);
    // One that is found again has the generation it had, and dials that hung before it was.
    const found = next.generation > previous.generation || previous.leadership.at !== 'following';
    if (primary && found) {
      if (this.#reads) this.#reads.follow(next);
      else evictSuperseded(this, next, endpointKey(primary.endpoint));
    }
    this.#telemetry.topologyChanged(change);
  }

  /**
   * A silent link alone is no reason to cut it. Where its server can be reached by nobody either, for as long as a call waits
   * at most, it will not speak again in time.
   */
  #heardNothing(client: HaClient, silentMs: number, news: boolean): void {
    this.#deadLinks?.heardNothing(client, silentMs);
    if (this.#reads) return this.#reads.heardNothing(client, silentMs);
    const { monitor, clock, failoverWaitMs } = this.#core;
    if (news) monitor.suspect('work in flight and no answer');
    const { leadership } = monitor.topology;
    const lostMs = leadership.at === 'searching' ? clock.now() - leadership.since : 0;
    if (Math.min(silentMs, lostMs) < failoverWaitMs) return;
    const why = `no byte for ${Math.round(silentMs)} ms, and its server cannot be reached`;
    client.interrupt(new HaError('HA_CONNECTION_LOST', why, { outcome: 'unknown' }));
  }

  /** What is in flight is watched over until it has ended: its server may go away meanwhile. */
  async #end(): Promise<void> {
    // What the first end() waits for is watched over until then, whatever a second one says.
    if (this.ending) return super.end();
    const ended = super.end();
    endWaiting(this);
    this.#core.monitor.endWaiting();
    this.#listener?.close();
    try {
      // The app may have ended the reader itself.
      const reader = this.#reader?.ending ? undefined : this.#reader?.end();
      await Promise.all([ended, reader, this.#reads?.end()]);
    } finally {
      this.#silence.stop();
      this.#deadLinks?.close();
      this.#telemetry.stop();
      await this.#leave();
    }
  }
}

function createTelemetry(
  pool: HaPool,
  core: PoolCore,
  log: HaLogger,
  settings: PoolSettings,
  metrics: HaPoolOptions['metrics'],
): PoolTelemetry {
  const { database } = namesOf(settings);
  const name = `${pool.options.application_name ?? database}${settings.target === undefined ? '' : '/reads'}`;
  return new PoolTelemetry({
    pool,
    core,
    log,
    name,
    database,
    metrics,
    callMetrics: settings.ha.callMetrics,
  });
}

/** What stands on each of its log lines. */
function namesOf({ ha, connection, target }: PoolSettings): { strategy: string; database: string } {
  const database = connection.database ?? connection.user ?? 'default';
  return { strategy: ha.strategy, database, ...(target === undefined ? {} : { reads: true }) };
}

/** Where one idle connection has died unnoticed, those that have been idle as long have as a rule died with it. */
function dropStale(pool: pg.Pool): void {
  const inner = poolInternals(pool);
  for (const { client } of inner._idle.filter((item) => item.client.stale)) {
    inner._remove(client);
    client.interrupt();
  }
}

function evictSuperseded(pool: pg.Pool, next: TopologyChange['next'], key: string): void {
  const why = (): HaError =>
    new HaError('HA_INTERRUPTED', `${key} is the primary now`, { outcome: 'unknown' });
  evict(
    pool,
    (client) => client.supersededBy(next),
    (client) => client.interrupt(why()),
  );
}

/** pg-pool's counters, over the pools of all members. */
function showCounts(pool: pg.Pool, members: MemberPools): void {
  for (const name of ['totalCount', 'idleCount', 'waitingCount', 'expiredCount'] as const)
    Object.defineProperty(pool, name, { get: () => members.count(name), configurable: true });
}

function readerAttrs({ ha }: PoolSettings): SessionAttrs {
  return ha.readerFallback === 'wait' ? 'standby' : 'prefer-standby';
}

function isSubmittable(config: unknown): boolean {
  return (
    typeof config === 'object' &&
    config !== null &&
    typeof (config as { submit?: unknown }).submit === 'function'
  );
}
