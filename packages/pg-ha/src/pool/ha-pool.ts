import pg from 'pg';
import {
  createLogger,
  Deadline,
  DialPacer,
  describeError,
  endpointKey,
  HaError,
  primaryOf,
  RetryBudget,
  systemClock,
  systemRandom,
  type Endpoint,
  type HaEvents,
  type HaLogger,
  type TopologyChange,
} from '@steadfast/shared';
import type { DialContext } from '../dial/dial-context.ts';
import { HaClient } from '../dial/ha-client.ts';
import { PoolerClient } from '../dial/pooler-client.ts';
import { primaryTarget } from '../dial/primary-target.ts';
import {
  readPoolOptions,
  settingWarnings,
  type HaPoolOptions,
  type PoolSettings,
} from '../options/pool-options.ts';
import type { Strategy } from '../strategies/strategy.ts';
import { PoolTelemetry } from '../telemetry/pool-telemetry.ts';
import type { TransactionOptions } from '../transaction/run-transaction.ts';
import { joinCluster } from './cluster.ts';
import { Verification } from './fitness.ts';
import { poolHealth, type PoolHealth } from './health.ts';
import { giveUpExpired, primaryServers, type LeaseRequest } from './lease.ts';
import { spreadLifetimes } from './lifetime.ts';
import type { PoolCore } from './pool-core.ts';
import { forget, poolInternals } from './pool-internals.ts';
import { runQuery, type HaQueryConfig, type HaQueryOptions } from './query-runner.ts';
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
    const { core, context, stream, leave } = assemble(settings, options, log, telemetry, {
      checkout: (callback) => super.connect(callback),
      mayDial: () => this.idleCount === 0 && this.totalCount < this.options.max,
      isFull: () => this.idleCount === 0 && this.totalCount >= this.options.max,
      dropStale: () => this.#dropStale(),
      gone: (client) => forget(this, client),
    });
    const { verify } = core.verification;
    super({
      ...settings.pool,
      ...(verify && { verify }),
      ...(stream && { stream }),
      Client: boundClient(settings, context),
    } as pg.PoolConfig);
    this.#telemetry = createTelemetry(this, core, log, settings, options.metrics);
    this.#core = this.#telemetry.core;
    this.#leave = leave;
    this.#log = log;
    for (const warning of settingWarnings(settings)) log.warn(warning);
    core.monitor.onChange((change) => this.#follow(change));
    this.#silence = new SilenceWatch({
      clock: core.clock,
      silenceMs: settings.ha.silenceMs,
      idleCheckMs: settings.ha.idleCheckMs || undefined,
      clients: () => poolInternals(this)._clients,
      onSilence: (client, silentMs) => this.#heardNothing(client, silentMs),
      onLook: () => giveUpExpired(core),
    });
    spreadLifetimes(this, settings.ha.maxLifetimeJitterPercent, core);
  }

  /** The primary that is being followed, or undefined while there is none. */
  get primary(): Endpoint | undefined {
    return primaryOf(this.#core.monitor.topology)?.endpoint;
  }

  /** For readiness probes. */
  health(): PoolHealth {
    return poolHealth(this.#core.monitor, this.#core.clock, this);
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

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    if (callback)
      return this.#lease((error, client) =>
        callback(error, client, (release?: Error | boolean) => client?.release(release)),
      );
    return new Promise((resolve, reject) => {
      this.#lease((error, client) => (client ? resolve(client) : reject(error)));
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
    const values = Array.isArray(second) ? second : undefined;
    const query = config as string | HaQueryConfig;
    const result = this.#telemetry.watchesQueries
      ? this.#telemetry.query(query, values)
      : runQuery(this.#core, query, values);
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
  override on<E extends keyof HaEvents>(event: E, listener: (news: HaEvents[E]) => void): this;
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

  /** The primary has changed: connections to the old one are closed, at once and also those with work on them. */
  #follow(change: TopologyChange): void {
    const { previous, next } = change;
    const primary = primaryOf(next);
    if (primary) Object.assign(this.options, primary.endpoint);
    if (primary && next.generation > previous.generation) this.#evict(next, endpointKey(primary.endpoint));
    this.#telemetry.topologyChanged(change);
  }

  /**
   * A silent link alone is no reason to cut it. Where its server can be reached by nobody either, for as long as a call waits
   * at most, it will not speak again in time.
   */
  #heardNothing(client: HaClient, silentMs: number): void {
    const { monitor, failoverWaitMs } = this.#core;
    monitor.suspect('work in flight and no answer');
    if (monitor.state !== 'searching' || silentMs < failoverWaitMs) return;
    const why = `no byte for ${Math.round(silentMs)} ms, and its server cannot be reached`;
    client.interrupt(new HaError('HA_CONNECTION_LOST', why, { outcome: 'unknown' }));
  }

  #dropStale(): void {
    const inner = poolInternals(this);
    for (const { client } of inner._idle.filter((item) => item.client.stale)) {
      inner._remove(client);
      client.interrupt();
    }
  }

  #evict(next: TopologyChange['next'], key: string): void {
    const inner = poolInternals(this);
    const idle = new Set(inner._idle.map((item) => item.client));
    for (const client of inner._clients.filter((candidate) => candidate.supersededBy(next))) {
      if (idle.has(client)) {
        inner._remove(client);
        client.interrupt(); // nothing is on it, so nobody needs a reason
      } else
        client.interrupt(new HaError('HA_INTERRUPTED', `${key} is the primary now`, { outcome: 'unknown' }));
    }
  }

  async #end(): Promise<void> {
    const ended = super.end();
    // pg-pool forgets who is queued when it ends: nobody may wait for ever.
    for (const waiter of poolInternals(this)._pendingQueue.splice(0)) {
      waiter.callback(
        new HaError('HA_CLOSED', 'the pool has been ended', { outcome: 'notSent' }),
        undefined,
        noop,
      );
    }
    this.#silence.stop();
    this.#telemetry.stop();
    await Promise.all([ended, this.#leave()]);
  }
}

interface Parts {
  core: PoolCore;
  context: DialContext;
  stream: Strategy['stream'];
  /** the pool watches its cluster no more */
  leave: () => Promise<void>;
}

function assemble(
  settings: PoolSettings,
  options: HaPoolOptions,
  log: HaLogger,
  telemetry: () => PoolTelemetry,
  {
    gone,
    ...access
  }: Pick<PoolCore, 'checkout' | 'mayDial' | 'isFull' | 'dropStale'> & Pick<DialContext, 'gone'>,
): Parts {
  const { clock = systemClock, random = systemRandom } = options;
  const { ha, connection } = settings;
  const who = {
    user: connection.user ?? 'the operating system’s',
    database: connection.database ?? connection.user ?? 'default',
    trust: connection.ssl.trust,
  };
  const {
    strategy,
    seat: monitor,
    leave,
  } = joinCluster(settings, who, { clock, random, log }, (open) => telemetry().breakerChanged(open));
  const pacer = new DialPacer(clock, random, { concurrency: ha.dialConcurrency });
  const budget = new RetryBudget(clock, { capacity: 1_000, perSecond: 100 });
  const { failoverWaitMs, keepConnectionOnSqlError, dialTimeoutMs } = ha;
  const queued = new Set<LeaseRequest>();
  const parts = {
    monitor,
    clock,
    random,
    budget,
    failoverWaitMs,
    keepConnectionOnSqlError,
    pooler: settings.pooler,
    queued,
    verification: new Verification(options.verify),
    ...access,
  };
  const watchDial: DialContext['watchDial'] = (client, dial) => telemetry().dial(client, dial);
  const target = primaryTarget(monitor, strategy.observe);
  return {
    core: { ...parts, servers: primaryServers(parts) },
    context: { monitor, target, pacer, clock, dialTimeoutMs, stream: strategy.stream, gone, who, watchDial },
    stream: strategy.stream,
    leave,
  };
}

function createTelemetry(
  pool: HaPool,
  core: PoolCore,
  log: HaLogger,
  settings: PoolSettings,
  metrics: HaPoolOptions['metrics'],
): PoolTelemetry {
  const { database } = namesOf(settings);
  return new PoolTelemetry({ pool, core, log, database, metrics, callMetrics: settings.ha.callMetrics });
}

/** What stands on each of its log lines. */
function namesOf({ ha, connection }: PoolSettings): { strategy: string; database: string } {
  return { strategy: ha.strategy, database: connection.database ?? connection.user ?? 'default' };
}

/** pg-pool makes clients by `new Client(config)`; ours need to know which pool they are of. */
function boundClient(
  { pooler }: PoolSettings,
  context: DialContext,
): new (config?: pg.ClientConfig) => HaClient {
  const Base = pooler ? PoolerClient : HaClient;
  return class BoundHaClient extends Base {
    constructor(config?: pg.ClientConfig) {
      super(config, context);
    }
  };
}

function isSubmittable(config: unknown): boolean {
  return (
    typeof config === 'object' &&
    config !== null &&
    typeof (config as { submit?: unknown }).submit === 'function'
  );
}

function noop(): void {}
