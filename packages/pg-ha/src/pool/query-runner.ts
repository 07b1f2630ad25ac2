import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { Deadline, decideRetry, HaError, type Outcome, type Timer } from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';
import { sqlstateOf } from '../errors/sqlstate.ts';
import { classifyWorkError, isByRole } from '../errors/work-error.ts';
import { lease, type LeaseRequest } from './lease.ts';
import type { PoolCore } from './pool-core.ts';

/** What a statement may say about itself, beside pg's own fields. */
export interface HaQueryOptions {
  /** a second application changes nothing, so it may be repeated when its outcome is unknown (default false) */
  idempotent?: boolean;
  /** the whole call ends by then, ms; without it waiting and repeating end after failoverWaitMs, a running statement does not */
  deadlineMs?: number;
  /** ends the call early */
  signal?: AbortSignal;
}

export type HaQueryConfig = QueryConfig & HaQueryOptions;

/** One autocommit statement, through all its attempts. */
export function runQuery(
  core: PoolCore,
  config: string | HaQueryConfig,
  values: unknown[] | undefined,
): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const call = new QueryCall(core, config, values, resolve, reject);
    call.start();
  });
}

class QueryCall implements LeaseRequest {
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
  attempts = 0;
  settled = false;
  readonly #core: PoolCore;
  readonly #config: string | HaQueryConfig;
  readonly #values: unknown[] | undefined;
  readonly #resolve: (result: QueryResult) => void;
  readonly #reject: (error: Error) => void;
  #client: PoolClient | undefined;
  #timer: Timer | undefined;

  constructor(
    core: PoolCore,
    config: string | HaQueryConfig,
    values: unknown[] | undefined,
    resolve: (result: QueryResult) => void,
    reject: (error: Error) => void,
  ) {
    const options: HaQueryOptions = typeof config === 'string' ? {} : config;
    this.#core = core;
    this.#config = config;
    this.#values = values;
    this.#resolve = resolve;
    this.#reject = reject;
    this.signal = options.signal;
    this.deadline = Deadline.after(core.clock, options.deadlineMs ?? core.failoverWaitMs);
    if (options.deadlineMs !== undefined) {
      this.#timer = core.clock.timer(options.deadlineMs, () =>
        this.#cut('HA_DEADLINE', `the deadline of ${options.deadlineMs} ms has passed`),
      );
    }
  }

  start(): void {
    if (this.signal?.aborted) return this.#onAbort();
    this.signal?.addEventListener('abort', this.#onAbort, { once: true });
    lease(this.#core, this);
  }

  granted(client: PoolClient): void {
    this.#client = client;
    try {
      client.query(
        this.#config as string,
        this.#values as unknown[],
        (error: Error | null, result: QueryResult) => {
          if (error) this.#broken(client, error);
          else this.#done(client, result);
        },
      );
    } catch (error) {
      client.release();
      this.failed(error as Error); // pg refused the arguments; nothing was queued
    }
  }

  failed(error: Error): void {
    this.#settle();
    // The stack shows the caller's way here, not the socket's.
    Error.captureStackTrace(error);
    this.#reject(error);
  }

  #done(client: PoolClient, result: QueryResult): void {
    this.#client = undefined;
    client.release();
    if (this.settled) return;
    this.#settle();
    this.#resolve(result);
  }

  #broken(client: PoolClient, cause: Error): void {
    this.#client = undefined;
    const error = classifyWorkError(cause, this.#text);
    const byRole = isByRole(cause);
    client.release(this.#keeps(cause, byRole) ? undefined : cause);
    if (this.settled) return;
    if (this.#mayRepeat(error.outcome, byRole)) this.#repeat();
    else this.failed(error);
  }

  /** After an SQL error the connection is as good as before; stock pg-pool closes it all the same. */
  #keeps(cause: Error, byRole: boolean): boolean {
    return this.#core.keepConnectionOnSqlError && !byRole && sqlstateOf(cause) !== undefined;
  }

  #mayRepeat(outcome: Outcome, byRole: boolean): boolean {
    const idempotent = typeof this.#config !== 'string' && this.#config.idempotent === true;
    const { expired } = this.deadline;
    return (
      decideRetry({ outcome, byRole, idempotent, attempts: this.attempts, expired }).retry &&
      this.#core.budget.take()
    );
  }

  #repeat(): void {
    this.#core.monitor.whenConfirmed(this.deadline, this.signal).then(
      () => {
        if (!this.settled) lease(this.#core, this);
      },
      (error: unknown) => {
        if (!this.settled) this.failed(error as Error);
      },
    );
  }

  /** Ends the call now: a statement on the wire is cut off with its connection, so that it can never be answered late. */
  #cut(code: 'HA_DEADLINE' | 'HA_ABORTED', why: string): void {
    if (this.settled) return;
    const client = this.#client as HaClient | undefined;
    if (client) client.interrupt(new HaError(code, why, { outcome: 'unknown', cause: this.signal?.reason }));
    else
      this.failed(
        new HaError(code, `${why}; the statement had not been sent`, {
          outcome: 'notSent',
          cause: this.signal?.reason,
        }),
      );
  }

  readonly #onAbort = (): void => this.#cut('HA_ABORTED', 'aborted by the caller');

  #settle(): void {
    this.settled = true;
    this.#timer?.cancel();
    this.signal?.removeEventListener('abort', this.#onAbort);
  }

  get #text(): string {
    return typeof this.#config === 'string' ? this.#config : this.#config.text;
  }
}
