import type { Pool, PoolClient, QueryResult } from 'pg';
import { meterOf, Reporter, type HaEvents, type HaLogger } from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';
import type { PoolCore } from '../pool/pool-core.ts';
import type { Tell } from '../pool/pool-events.ts';
import type { HaQueryConfig } from '../pool/query-runner.ts';
import { runStatement } from '../transaction/run-statement.ts';
import { runTransaction, type TransactionOptions } from '../transaction/run-transaction.ts';
import { CallTrace, watchLeases } from './call-trace.ts';
import { dialChannel, queryChannel, topologyChannel, transactionChannel } from './channels.ts';
import { DialTrace } from './dial-trace.ts';
import { PoolMetrics } from './pool-metrics.ts';

export interface PoolTelemetryOptions {
  pool: Pool;
  core: PoolCore;
  log: HaLogger;
  /** what tells this pool from others in metrics */
  name: string;
  database: string;
  /** the app's meter or meter provider */
  metrics: unknown;
  /** also measure each call */
  callMetrics: boolean;
}

/** Everything that a pool tells of itself: events, log lines, diagnostics channels, metrics. */
export class PoolTelemetry {
  /** what calls are to run on: the pool's own core, or one whose leases are timed */
  readonly core: PoolCore;
  readonly #database: string;
  readonly #reporter: Reporter;
  readonly #metrics: PoolMetrics | undefined;

  /** @throws HaError HA_CONFIG where `metrics` is no meter */
  constructor({ pool, core, log, name, database, metrics, callMetrics }: PoolTelemetryOptions) {
    const { clock, monitor, budget } = core;
    this.#database = database;
    this.#reporter = new Reporter({ clock, emitter: pool, channel: topologyChannel, log });
    const meter = meterOf(metrics, '@steadfast/pg-ha');
    const readings = {
      pool,
      clock,
      topology: () => monitor.topology,
      counts: this.#reporter.counts,
      retries: () => budget.taken,
      waiting: () => monitor.waiting,
      timeouts: () => monitor.expired,
      breakerOpen: () => monitor.breaker.open,
    };
    this.#metrics = meter && new PoolMetrics(meter, { name, database, perCall: callMetrics }, readings);
    const timed = this.#metrics?.perCall === true;
    this.core = timed ? watchLeases(core, (_client, ms) => this.#metrics?.waited(ms)) : core;
  }

  /** Whether anybody wants to hear of single queries: read before each of them. */
  get watchesQueries(): boolean {
    return queryChannel.hasSubscribers || this.#metrics?.perCall === true;
  }

  query(config: string | HaQueryConfig, values: unknown[] | undefined): Promise<QueryResult> {
    const trace = new CallTrace(typeof config === 'string' ? config : config.text, this.#database);
    const core = this.#watched(trace);
    return this.#timed(
      'query',
      trace,
      queryChannel.tracePromise(() => runStatement(core, config, values), trace),
    );
  }

  transaction<T>(fn: (client: PoolClient) => Promise<T>, options: TransactionOptions): Promise<T> {
    if (!transactionChannel.hasSubscribers && !this.#metrics?.perCall)
      return runTransaction(this.core, fn, options);
    const trace = new CallTrace(undefined, this.#database);
    const core = this.#watched(trace);
    return this.#timed(
      'transaction',
      trace,
      transactionChannel.tracePromise(() => runTransaction(core, fn, options), trace),
    );
  }

  /** A new connection is dialled. */
  async dial(client: HaClient, dial: () => Promise<void>): Promise<void> {
    const { clock } = this.core;
    const since = clock.now();
    await (dialChannel.hasSubscribers ? dialChannel.tracePromise(dial, new DialTrace(client)) : dial());
    this.#metrics?.dialled(clock.now() - since);
  }

  topologyChanged(change: HaEvents['topology']): void {
    this.#reporter.topologyChanged(change);
  }

  /** One of the pool's own events. */
  readonly tell: Tell = (event, news) => this.#reporter.emit(event, news);

  breakerChanged(open: boolean): void {
    this.#reporter.breakerChanged(open);
  }

  stop(): void {
    this.#metrics?.stop();
  }

  #watched(trace: CallTrace): PoolCore {
    return watchLeases(this.core, (client, waitedMs) => trace.granted(client, waitedMs));
  }

  /** As `call`, measured where that is asked for. */
  #timed<T>(operation: 'query' | 'transaction', trace: CallTrace, call: Promise<T>): Promise<T> {
    const metrics = this.#metrics;
    if (!metrics?.perCall) return call;
    const { clock } = this.core;
    const since = clock.now();
    const ended = (): void => metrics.ended(clock.now() - since, operation, trace);
    return call.then(
      (value) => {
        ended();
        return value;
      },
      (error: unknown) => {
        trace.error = error;
        ended();
        throw error;
      },
    );
  }
}
