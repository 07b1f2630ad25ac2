import type { Pool, PoolClient } from 'pg';
import {
  claimName,
  clusterRows,
  observe,
  type Attributes,
  type Clock,
  type ClusterReadings,
  type HistogramLike,
  type MeterLike,
  type ObservedRow,
} from '@steadfast/shared';
import { sqlstateOf } from '../errors/sqlstate.ts';
import type { CallTrace } from './call-trace.ts';

export interface PoolReadings extends ClusterReadings {
  readonly pool: Pool;
  readonly clock: Clock;
  /** calls whose deadline came while they waited for a primary */
  readonly timeouts: () => number;
}

/** As the semantic conventions for database clients advise, in seconds. */
const SECONDS = { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] };

/** A pool's metrics. https://opentelemetry.io/docs/specs/semconv/database/database-metrics/ */
export class PoolMetrics {
  readonly #pool: Attributes;
  readonly #database: Attributes;
  readonly #createTime: HistogramLike;
  readonly #perCall: Record<'duration' | 'wait' | 'use', HistogramLike> | undefined;
  readonly #stops: (() => void)[];

  /** @param about `perCall`: also what has to be measured at every call */
  constructor(
    meter: MeterLike,
    about: { name: string; database: string; perCall: boolean },
    readings: PoolReadings,
  ) {
    const { pool, clock } = readings;
    const claim = claimName(meter, about.name);
    const pooled = { 'db.client.connection.pool.name': claim.name };
    this.#pool = pooled;
    this.#database = { 'db.system.name': 'postgresql', 'db.namespace': about.database };
    this.#createTime = histogram(
      meter,
      'db.client.connection.create_time',
      'the time to open and verify a connection',
    );
    this.#stops = [observe(meter, [...poolRows(readings), ...clusterRows(readings)], pooled), claim.release];
    if (!about.perCall) return;
    this.#perCall = {
      duration: histogram(
        meter,
        'db.client.operation.duration',
        'queries and transactions, waiting included',
      ),
      wait: histogram(
        meter,
        'db.client.connection.wait_time',
        'the time until a connection to the primary was there',
      ),
      use: histogram(meter, 'db.client.connection.use_time', 'the time between a loan and its return'),
    };
    this.#stops.push(watchUse(pool, clock, (seconds) => this.#perCall?.use.record(seconds, pooled)));
  }

  get perCall(): boolean {
    return this.#perCall !== undefined;
  }

  dialled(ms: number): void {
    this.#createTime.record(ms / 1000, this.#pool);
  }

  waited(ms: number): void {
    this.#perCall?.wait.record(ms / 1000, this.#pool);
  }

  ended(ms: number, operation: 'query' | 'transaction', trace: CallTrace): void {
    const { endpoint, error, outcome } = trace;
    const failure: Attributes =
      error === undefined ? {} : { ...errorOf(error), 'steadfast.outcome': outcome };
    const server: Attributes = endpoint
      ? { 'server.address': endpoint.host, 'server.port': endpoint.port }
      : {};
    this.#perCall?.duration.record(ms / 1000, {
      ...this.#database,
      ...server,
      ...failure,
      'db.operation.name': operation,
    });
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}

function histogram(meter: MeterLike, name: string, description: string): HistogramLike {
  return meter.createHistogram(name, { unit: 's', description, advice: SECONDS });
}

function poolRows({ pool, timeouts }: PoolReadings): ObservedRow[] {
  return [
    {
      name: 'db.client.connection.count',
      kind: 'upDownCounter',
      unit: '{connection}',
      description: 'connections of the pool, by state',
      read: () => [
        [pool.idleCount, { 'db.client.connection.state': 'idle' }],
        [pool.totalCount - pool.idleCount, { 'db.client.connection.state': 'used' }],
      ],
    },
    {
      name: 'db.client.connection.max',
      kind: 'upDownCounter',
      unit: '{connection}',
      description: 'connections that the pool may have',
      read: () => pool.options.max,
    },
    {
      name: 'db.client.connection.pending_requests',
      kind: 'upDownCounter',
      unit: '{request}',
      description: 'calls that wait for a connection to come back',
      read: () => pool.waitingCount,
    },
    {
      name: 'db.client.connection.timeouts',
      kind: 'counter',
      unit: '{timeout}',
      description: 'calls whose deadline came while they waited for a primary',
      read: timeouts,
    },
  ];
}

/** Measures loans by pg-pool's own events. */
function watchUse(pool: Pool, clock: Clock, record: (seconds: number) => void): () => void {
  const since = new WeakMap<PoolClient, number>();
  const acquired = (client: PoolClient): void => void since.set(client, clock.now());
  const released = (_error: Error, client: PoolClient): void => {
    const from = since.get(client);
    if (from !== undefined) record((clock.now() - from) / 1000);
  };
  pool.on('acquire', acquired);
  pool.on('release', released);
  return () => void pool.off('acquire', acquired).off('release', released);
}

/** Where the server refused, `error.type` is its SQLSTATE, as the conventions want it. */
function errorOf(error: unknown): Attributes {
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== undefined) return { 'error.type': sqlstate, 'db.response.status_code': sqlstate };
  const { code, name } = error as { code?: unknown; name?: unknown };
  return { 'error.type': typeof code === 'string' ? code : typeof name === 'string' ? name : '_OTHER' };
}
