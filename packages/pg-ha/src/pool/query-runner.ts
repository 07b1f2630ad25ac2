import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import {
  asError,
  correctOutcome,
  Deadline,
  decideRetry,
  HaError,
  isHaError,
  outcomeOf,
  withOutcome,
  type Outcome,
} from '@steadfast/shared';
import { internals, isIdle, textOf, type QueuedQuery } from '../dial/client-internals.ts';
import type { HaClient } from '../dial/ha-client.ts';
import { withCallersStack } from '../errors/callers-stack.ts';
import { sqlstateOf } from '../errors/sqlstate.ts';
import { classifyWorkError } from '../errors/work-error.ts';
import { CallBound, type CallLimits } from './call-bound.ts';
import { settle, type LeaseRequest } from './lease.ts';
import { parseToken, type WalPosition } from '../reader/wal-position.ts';
import type { PoolCore } from './pool-core.ts';
import { SameRefusal } from './same-refusal.ts';
import type { Statement } from './statements.ts';

/**
 * What a statement may say about itself, beside pg's own fields. `deadlineMs` and `signal` end the whole call; without them
 * waiting and repeating end after failoverWaitMs, a running statement does not.
 */
export interface HaQueryOptions extends CallLimits {
  /** a second application changes nothing, so it may be repeated when its outcome is unknown (default false) */
  idempotent?: boolean;
  /** for reads: the server must hold what `pool.token()` named; on the pool of the primary it always does */
  after?: string;
  /**
   * apply it exactly once: its transaction carries a proof, by which a lost answer is resolved. Takes two round trips instead
   * of one, and needs `createProofTable` once (default false)
   */
  commitProof?: boolean;
}

/** So long after the caller's end the answer to a cancelled statement is waited for, ms. */
const LAST_WORD_MS = 25;

export type HaQueryConfig = QueryConfig & HaQueryOptions;

const NO_OPTIONS: HaQueryOptions = {};

/** One autocommit statement, through all its attempts. */
export function runQuery(
  core: PoolCore,
  config: string | HaQueryConfig,
  values: unknown[] | undefined,
): Promise<QueryResult> {
  return new Promise((resolve) => {
    new QueryCall(core, config, values, resolve).start();
  });
}

class QueryCall implements LeaseRequest {
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
  readonly after: WalPosition | undefined;
  readonly shares: boolean;
  tried: Set<string> | undefined;
  attempts = 0;
  settled = false;
  readonly places: LeaseRequest['places'];
  readonly #core: PoolCore;
  readonly #statement: Statement | undefined;
  readonly #config: string | HaQueryConfig;
  readonly #values: unknown[] | undefined;
  readonly #resolve: (result: QueryResult | Promise<never>) => void;
  readonly #bound: CallBound | undefined;
  #client: PoolClient | undefined;
  /** the statement, where it waits behind others: what the app runs on each new connection */
  #queued: QueuedQuery | undefined;
  /** the caller's end has come with the statement on the wire: settles when the connection is clean, or closed */
  #cancelling: Promise<boolean> | undefined;
  /** it may still run under a name of ours */
  #mayName: boolean;
  /** the name of the last attempt */
  #name: string | undefined;
  #refusal: SameRefusal | undefined;
  /** an attempt ended `unknown`: whatever the later ones came to, the work may have been applied */
  #uncertain = false;

  constructor(
    core: PoolCore,
    config: string | HaQueryConfig,
    values: unknown[] | undefined,
    resolve: (result: QueryResult | Promise<never>) => void,
  ) {
    const options = typeof config === 'string' ? NO_OPTIONS : config;
    this.#core = core;
    this.#config = config;
    this.#values = values;
    this.#resolve = resolve;
    this.signal = options.signal;
    this.after = options.after === undefined ? undefined : parseToken(options.after);
    const text = this.#text;
    if (text !== undefined) this.#statement = core.statements?.of(text);
    this.#mayName = core.prepare !== undefined;
    this.shares = core.pipeline !== undefined && this.#statement?.plain === true && mayShare(options);
    this.deadline = Deadline.after(core.clock, options.deadlineMs ?? core.failoverWaitMs);
    if (options.deadlineMs !== undefined || options.signal) {
      this.#bound = new CallBound(core.clock, options, () => this.#onEnd());
      this.places = new Set();
    }
  }

  start(): void {
    if (this.#bound?.ended) this.#onEnd();
    else this.#core.servers.lease(this);
  }

  granted(client: PoolClient): void {
    this.#client = client;
    let answered = false; // pg answers a statement that it could not bind a second time when the link ends
    const { stream } = internals(client).connection;
    const written = stream.bytesWritten;
    let returned = false;
    // A type parser may throw anything.
    const answer = (thrown: unknown, result: QueryResult): void => {
      if (answered) return;
      answered = true;
      const error = thrown ? asError(thrown) : undefined;
      // What pg itself refuses, before query() has returned or before a byte was written, no server has run.
      const refused = error && isOfDriver(error) && (!returned || stream.bytesWritten === written);
      if (error) this.#broken(client, refused ? withOutcome(error, 'rejected') : error);
      else this.#done(client, result);
    };
    try {
      const named = this.#mayName ? this.#nameOn(client) : undefined;
      this.#name = named?.name;
      client.query((named ?? this.#config) as string, this.#values as unknown[], answer);
      returned = true;
      if (this.#bound) this.#queued = internals(client)._queryQueue.at(-1);
    } catch (error) {
      // pg may have kept it, and would wait for its answer for ever.
      answered = true;
      client.release(asError(error));
      this.failed(withOutcome(asError(error), 'rejected'));
    }
  }

  failed(error: Error): void {
    this.#settle();
    const final = this.#uncertain && outcomeOf(error) !== 'unknown' ? asUnknown(error) : error;
    this.#resolve(withCallersStack(final));
  }

  #done(client: PoolClient, result: QueryResult): void {
    this.#client = undefined;
    this.#release(client);
    if (this.settled) return;
    this.#settle();
    this.#resolve(result);
  }

  #broken(client: PoolClient, cause: Error): void {
    this.#client = undefined;
    if (this.#isStaleName(client, cause)) {
      this.#release(client);
      return this.#core.servers.lease(this);
    }
    const error = classifyWorkError(cause, this.#text);
    const byRole = this.#core.servers.blames(cause);
    this.#release(client, this.#keeps(cause, byRole) ? undefined : cause);
    if (this.settled) return;
    if (error.outcome === 'unknown') this.#uncertain = true;
    if (this.#bound?.ended) return this.failed(this.#bound.error(error.outcome, cause));
    this.#refusal ??= new SameRefusal();
    const final = isOfDriver(cause) || this.#refusal.isFinal(client, cause);
    if (!final && this.#mayRepeat(error.outcome, byRole)) this.#repeat();
    else this.failed(this.#core.servers.explain(error));
  }

  #nameOn(client: PoolClient): HaQueryConfig | undefined {
    return this.#statement && this.#core.prepare?.named(client, this.#statement, this.#config);
  }

  /** The server has run nothing, for a reason that lies in the statement's name: once more without. */
  #isStaleName(client: PoolClient, cause: Error): boolean {
    if (!this.#statement || !this.#name || this.settled || this.#bound?.ended) return false;
    this.#mayName = !this.#core.prepare?.isStale(client, this.#statement, this.#name, cause);
    return !this.#mayName;
  }

  /** A plain statement that failed leaves its connection as good as before; stock pg-pool closes it all the same. */
  #keeps(cause: Error, byRole: boolean): boolean {
    if (byRole || sqlstateOf(cause) === undefined) return false;
    if (this.shares) return true; // others are on it too
    if (!this.#core.keepConnectionOnSqlError) return false;
    return !/\b(begin|start)\b/i.test(this.#text ?? 'begin'); // a text that opens a transaction leaves it open
  }

  #mayRepeat(outcome: Outcome, byRole: boolean): boolean {
    const declared = typeof this.#config !== 'string' && this.#config.idempotent === true;
    const idempotent = declared || this.#core.servers.readsOnly;
    const { expired } = this.deadline;
    const attempt = { outcome, byRole, idempotent, attempts: this.attempts, expired };
    return decideRetry(attempt).retry && this.#core.budget.take(outcome);
  }

  #repeat(): void {
    this.#core.servers.ready(this.deadline, this.signal).then(
      () => {
        if (!this.settled) this.#core.servers.lease(this);
      },
      (error: unknown) => {
        if (!this.settled) this.failed(asError(error));
      },
    );
  }

  /** A cancelled connection is nobody's before it is clean; that a statement was cancelled is nothing against it. */
  #release(client: PoolClient, error?: Error): void {
    if (!this.#cancelling) return client.release(error);
    void this.#cancelling.then((clean) =>
      client.release(clean && isIdle(client) ? undefined : (error ?? true)),
    );
  }

  /**
   * The caller's end has come. The server is told to end a statement on the wire; its answer says what came of it, unless it
   * takes too long.
   */
  #onEnd(): void {
    if (this.settled || !this.#bound) return;
    const client = this.#client as HaClient | undefined;
    if (!client) return this.failed(this.#bound.error('notSent'));
    const { _queryQueue: queue, connection } = internals(client);
    const position = this.#queued ? queue.indexOf(this.#queued) : -1;
    if (position >= 0) {
      for (const unsent of queue.splice(position, 1))
        unsent.handleError(this.#bound.error('notSent'), connection);
      return;
    }
    this.#cancelling = client.cancelStatement();
    const { clock } = this.#core;
    clock.timer(LAST_WORD_MS, () => {
      if (!this.settled && this.#bound) this.failed(this.#bound.error('unknown'));
    });
  }

  #settle(): void {
    settle(this);
    this.#bound?.release();
  }

  /** undefined where it is given by the name alone that the app has prepared it under */
  get #text(): string | undefined {
    return textOf(this.#config);
  }
}

/**
 * Whether a plain statement may be sent behind others. One with an end of its own may not: what a cancel request hits must be
 * the statement that it is meant for, so it has its connection to itself.
 */
function mayShare(options: HaQueryOptions): boolean {
  const { rows, query_timeout: timeout } = options as { rows?: unknown; query_timeout?: unknown };
  return options.deadlineMs === undefined && !options.signal && !rows && !timeout;
}

/** Neither of a server nor of a link that broke: pg, or a type parser, would fail again. */
function isOfDriver(error: Error): boolean {
  return !isHaError(error) && sqlstateOf(error) === undefined;
}

/** The error of the last attempt, when an earlier one may have been applied. */
function asUnknown(error: Error): Error {
  if (!isHaError(error)) return correctOutcome(error, 'unknown');
  const message = `${error.message}; an earlier attempt may have been applied`;
  return new HaError(error.code, message, { outcome: 'unknown', cause: error, member: error.member });
}
