import type { Socket } from 'node:net';
import pg from 'pg';
import {
  asError,
  cutTcp,
  Deadline,
  endpointKey,
  HaError,
  isHaError,
  withOutcome,
  type Endpoint,
  type HaCode,
  type Instant,
  type QuestionSigns,
  type Topology,
} from '@steadfast/shared';
import { dialError, poolEnded } from '../errors/dial-error.ts';
import { isFatal, sqlstateOf } from '../errors/sqlstate.ts';
import { classifyWorkError, endsTransaction, isByRole, lostStatement } from '../errors/work-error.ts';
import { cancelStatement, requestCancel } from './cancel-request.ts';
import {
  internals,
  isPartlyAnswered,
  isUsable,
  textOf,
  type ClientInternals,
  type QueuedQuery,
} from './client-internals.ts';
import { answerWhoCloses, mayHearErrors } from './dead-link.ts';
import type { DialContext } from './dial-context.ts';
import type { Admission } from './dial-target.ts';
import { guardFrames } from './frame-guard.ts';
import { markRefusal } from './mark-refusal.ts';
import { readIdentity, type Identity } from './identity.ts';
import { cancelOnTimeout } from './query-timeout.ts';
import { boundQuestion, isOutrun, type QuestionBounds } from './question-bounds.ts';
import { noteServerError } from './server-errors.ts';
import { knockedSocket, type Knock } from './standing-socket.ts';

/** What the overrides below go on to. */
const PG = pg.Client.prototype as unknown as ClientInternals;

/** A cancel request that nobody waits for ends after this, ms. */
const ABANDON_MS = 1_000;

/** A server that refuses us is there, and a dial that we have ended ourselves says nothing at all. */
const SAYS_NOTHING: ReadonlySet<HaCode> = new Set(['HA_AUTH', 'HA_CLOSED', 'HA_INTERRUPTED']);

/** A server that was dialled, and what it has said of itself. */
interface Reached {
  readonly endpoint: Endpoint;
  readonly identity: Identity;
  readonly since: Instant;
}

/** Where a connection is in its life. `verified` ones carry what they were let in as. */
type State =
  | { at: 'new' }
  | { at: 'dialling'; endpoint: Endpoint; since: Instant }
  | { at: 'scouted'; endpoint: Endpoint; reached: Reached }
  | { at: 'verified'; endpoint: Endpoint; admission: Admission }
  | { at: 'ended' };

/**
 * A pg.Client that dials whom its target names when its turn comes (the primary, as a rule), and is handed out only after that
 * server itself has said that it is what was wanted: primary, of an epoch not older than known, of the same cluster.
 */
export class HaClient extends pg.Client {
  readonly #context: DialContext;
  readonly #timesOut: boolean;
  #state: State = { at: 'new' };
  #address: string | undefined;
  #cancelling: Promise<boolean> | undefined;
  /** it has been idle for so long that its server may be gone without a word */
  stale = false;
  /** makes its sockets: the strategy's, or the app's own `stream` */
  readonly socketFactory: (() => Socket) | undefined;
  /** what left the last statement on this link in doubt: a COMMIT, perhaps */
  #doubt: Error | undefined;
  /** it has said so itself, after the last statement that it has begun */
  #endedByServer = false;
  #dead = false;
  /** what is under TLS, where there is any */
  #socket: Socket | undefined;
  /** why we have ended it ourselves */
  #interruption: Error | undefined;

  constructor(config: pg.ClientConfig | undefined, context: DialContext) {
    super(config);
    guardFrames(internals(this).connection);
    this.#context = context;
    this.#timesOut = Boolean(internals(this).connectionParameters.query_timeout);
    const stream: unknown = config?.stream;
    this.socketFactory = typeof stream === 'function' ? (stream as () => Socket) : undefined;
  }

  /** Where its host was found; undefined where the app's own sockets know of hosts what we do not. */
  get address(): string | undefined {
    return this.#address;
  }

  /** The member behind this connection, once it is being dialled. */
  get endpoint(): Endpoint | undefined {
    return 'endpoint' in this.#state ? this.#state.endpoint : undefined;
  }

  /** Bytes received so far; only its standing still means anything. */
  get bytesRead(): number {
    return internals(this).connection.stream.bytesRead;
  }

  /** Whether a statement is on the wire. */
  get busy(): boolean {
    return Boolean(internals(this)._activeQuery);
  }

  override connect(): Promise<this>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<this> | void {
    const { pacer, monitor, watchDial } = this.#context;
    const dialled = pacer.run(
      () => monitor.topology.generation,
      () => (watchDial ? watchDial(this, () => this.#dial()) : this.#dial()),
    );
    if (!callback) return dialled.then(() => this);
    dialled.then(
      () => process.nextTick(callback, null, this),
      (error: unknown) => process.nextTick(callback, error),
    );
  }

  /**
   * Asks whoever stands at `endpoint` who it is, as a question of the monitor's: it is let in nowhere. It dials the first time,
   * where `insists` over and over while nothing answers. Where the answer suits, connect() goes on from here, without another dial.
   */
  async scout(endpoint: Endpoint, bounds: QuestionBounds, insists = false): Promise<Identity> {
    const standing = this.#state.at === 'scouted';
    try {
      const reached = await this.#reach(endpoint, bounds, { standing, insists });
      this.#state = { at: 'scouted', endpoint, reached };
      return reached.identity;
    } catch (error) {
      this.interrupt();
      // A question that broke off is no work whose outcome anybody wants to know: only why it did matters.
      throw isHaError(error, 'HA_CONNECTION_LOST') ? error.cause : error;
    }
  }

  /** True where a change of topology has made this connection worthless. */
  supersededBy(topology: Topology): boolean {
    const { target } = this.#context;
    if (this.#state.at === 'verified') return target.outdates(this.#state.admission, topology);
    if (this.#state.at !== 'dialling') return false;
    const { endpoint, since } = this.#state;
    return !target.stillWants(endpoint, topology) || isOutrun(this, endpoint, since, topology);
  }

  /** Ends the connection now; what is in flight gets its outcome at once. */
  interrupt(reason?: HaError): void {
    this.#state = { at: 'ended' };
    this.#destroy(reason);
  }

  /**
   * Has the server end the statement on the wire. True when the connection is clean again; otherwise it has been closed.
   */
  cancelStatement(): Promise<boolean> {
    this.#cancelling ??= cancelStatement(this, this.#context.clock).finally(() => {
      this.#cancelling = undefined;
    });
    return this.#cancelling;
  }

  /** Nobody wants the connection any more: a dial that has not begun never does, and one under way ends now. */
  abandonDial(reason: HaError): void {
    if (this.#state.at === 'new') this.#state = { at: 'ended' };
    if (this.#state.at === 'dialling') this.interrupt(reason);
  }

  /** Has the server end the statement on the wire, and ends the connection without waiting for it. */
  abandon(reason: HaError): void {
    const { clock } = this.#context;
    // A COMMIT that waits for its standbys would only stop waiting.
    if (this.busy && !endsTransaction(internals(this)._activeQuery?.text))
      void requestCancel(this, Deadline.after(clock, ABANDON_MS), clock);
    this.interrupt(reason);
  }

  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | void {
    const { connection, pipeline } = internals(this);
    // pg ends the link under a statement; what is given up must not be delivered later.
    if (this.busy && !pipeline) cutTcp(connection.stream, this.#socket);
    return callback ? super.end(callback) : super.end();
  }

  /** A listener nobody has put on must not kill the process: the statements concerned have their errors already. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'error') return super.emit(event as 'end', ...(args as []));
    return this.listenerCount('error') > 0 && super.emit('error', this.#interruption ?? (args[0] as Error));
  }

  /** A statement given to a client whose link is gone was never sent; everything else goes straight to pg. */
  override query(...args: unknown[]): never {
    const sent = isUsable(this) ? PG.query.apply(this, args) : this.#refuse(args);
    if (this.#timesOut || (args[0] as pg.ClientConfig | null)?.query_timeout) cancelOnTimeout(this);
    return sent as never; // pg's overloads say what it is
  }

  /** pg's own refusal, as an error that says what happened to the work. */
  #refuse(args: unknown[]): unknown {
    const inner = internals(this);
    if (!inner._ending) inner._queryable = false; // pg may hear of the link's end a moment later
    const unsent = (cause: unknown): HaError => this.#notSent(textOf(args[0]), cause);
    const result = PG.query.apply(this, markRefusal(args, unsent));
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      throw unsent(error);
    });
  }

  /**
   * Libraries send ROLLBACK after a COMMIT that failed, and throw what becomes of that: where the COMMIT is in doubt, so is
   * the transaction that a ROLLBACK which was never sent should have ended.
   */
  #notSent(text: string | undefined, cause: unknown): HaError {
    const member = this.endpoint ? endpointKey(this.endpoint) : 'the server';
    const gone = `the link to ${member} is gone; the statement was not sent`;
    if (!this.#doubt || !endsTransaction(text)) {
      return new HaError('HA_CONNECTION_LOST', gone, { outcome: 'notSent', cause });
    }
    const message = `${gone}, and what was sent before it may have been applied (${this.#doubt.message})`;
    return new HaError('HA_CONNECTION_LOST', message, { outcome: 'unknown', cause: this.#doubt });
  }

  /** pg calls this for every error of the server: it leaves here with its outcome. */
  _handleErrorMessage(message: Error): void {
    const active = internals(this)._activeQuery;
    noteServerError(this, message);
    if (isFatal(message) && active && this.#mayBeCommitted(active)) withOutcome(message, 'unknown');
    const { outcome } = classifyWorkError(message, active?.text);
    if (isFatal(message)) {
      if (active) mayHearErrors(active);
      if (active && outcome === 'unknown') this.#doubt = message;
      this.#endedByServer = sqlstateOf(message) !== '08006';
    }
    if (isByRole(message)) this.suspect(message.message);
    PG._handleErrorMessage.call(this, message);
  }

  /**
   * A session may be ended between a statement's CommandComplete and ReadyForQuery (while the server logs its duration, say):
   * outside of a transaction the statement is committed by then, or about to be.
   */
  #mayBeCommitted(active: QueuedQuery): boolean {
    const { _txStatus } = internals(this);
    return isPartlyAnswered(active) && (_txStatus === 'I' || endsTransaction(active.text));
  }

  /**
   * A commit that has stopped waiting for its synchronous standbys (it was cancelled, or the server is going away) is reported
   * by a warning and then as a success. It is in doubt: a failover may lose it. The warning's text and SQLSTATE depend on the
   * server's language and on who stopped it; the routine that raises it does not.
   * https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION-HA
   */
  _handleNotice(notice: { message?: string; routine?: string }): void {
    const query = internals(this)._activeQuery;
    if (query && notice.routine === 'SyncRepWaitForLSN') {
      const message = `committed, but not confirmed by its standbys: a failover may lose it (${notice.message ?? ''})`;
      const error = new HaError('HA_NOT_DURABLE', message, { outcome: 'unknown' });
      query.handleReadyForQuery = (connection) => query.handleError(error, connection);
    }
    PG._handleNotice.call(this, notice);
  }

  /** pg calls this when the link is gone: each statement gets the outcome that is true for it. */
  _errorAllQueries(broken: Error): void {
    const cause = this.#interruption ?? broken;
    const inner = internals(this);
    if (!inner._ending) this.suspect(cause.message);
    const member = this.endpoint ? endpointKey(this.endpoint) : `${inner.host}:${inner.port}`;
    // In a pipeline what was sent behind a statement may have changed what the last ReadyForQuery said.
    const transactionStatus = inner.pipeline ? undefined : inner._txStatus;
    const lost = (query: QueuedQuery, queued: boolean): HaError => {
      if (queued && this.#doubt) return this.#notSent(query.text, cause);
      const error = lostStatement(cause, { member, transactionStatus, queued, text: query.text });
      if (error.outcome === 'unknown') this.#doubt = error;
      return error;
    };
    const fail = (queries: QueuedQuery[], queued: boolean): void => {
      for (const query of queries)
        process.nextTick(() => query.handleError(lost(query, queued), inner.connection));
    };
    const active = inner._activeQuery;
    const sent = inner._sentQueryQueue?.splice(0) ?? [];
    const queued = inner._queryQueue.splice(0);
    if (active) mayHearErrors(active);
    PG._errorAllQueries.call(this, active ? lost(active, false) : cause);
    // A server answers in order: what was sent behind the statement that its last word ended, it has never begun.
    fail(sent, this.#endedByServer);
    fail(queued, true);
    if (this.#dead) return;
    this.#dead = true;
    answerWhoCloses(inner.connection);
    this.#context.gone(this);
  }

  /** What happens on a connection that led to the primary is a sign, whoever holds it; what we did to it ourselves is none. */
  suspect(sign: string): void {
    if (this.#state.at === 'verified') this.#context.target.suspect(this.#state.endpoint, sign);
  }

  async #dial(): Promise<void> {
    const { monitor, target, dialTimeoutMs } = this.#context;
    const bounds = { timeoutMs: dialTimeoutMs, patienceMs: dialTimeoutMs };
    const state = this.#state;
    if (state.at === 'ended') throw poolEnded();
    const endpoint = state.at === 'scouted' ? state.endpoint : target.choose(monitor.topology);
    try {
      const { identity, since } =
        state.at === 'scouted' ? state.reached : await this.#reach(endpoint, bounds, {});
      this.#state = { at: 'verified', endpoint, admission: target.admit(endpoint, identity, since) };
    } catch (error) {
      throw this.#giveUp(asError(error), endpoint);
    }
  }

  async #reach(
    endpoint: Endpoint,
    bounds: QuestionBounds,
    { standing = false, insists = false }: { standing?: boolean; insists?: boolean },
  ): Promise<Reached> {
    const { clock, stream } = this.#context;
    const late = new AbortController();
    const giveUp = (error: Error): void => {
      late.abort(error);
      this.#destroy(error);
    };
    const timer = boundQuestion(clock, bounds, () => this, giveUp);
    try {
      const knock = insists ? { until: late.signal, opened: timer.opened } : undefined;
      if (!standing) await this.#open(endpoint, timer, knock);
      const since = clock.now();
      const identity = await readIdentity(this);
      if (this.socketFactory === stream) this.#address = internals(this).connection.stream.remoteAddress;
      return { endpoint, identity, since };
    } finally {
      timer.cancel();
    }
  }

  /** Dials and logs in; with `knock` over a socket that was knocked for until then. */
  async #open(endpoint: Endpoint, signs: QuestionSigns, knock?: Knock): Promise<void> {
    this.#aim(endpoint);
    // A path leads to a socket of this machine, and of the app's own sockets nothing is known.
    if (knock && !this.socketFactory && !endpoint.host.startsWith('/')) {
      const socket = await knockedSocket(endpoint, this.#context.clock, knock);
      internals(this).connection.stream = socket;
      // Interrupted meanwhile, which could only end the socket of before.
      if (this.#state.at === 'ended') throw new Error('the dial was given up');
    }
    this.#socket = internals(this).connection.stream;
    this.#socket.once('connect', signs.letIn).once('data', signs.heard);
    await new Promise<void>((resolve, reject) =>
      super.connect((error: Error | null) => (error ? reject(error) : resolve())),
    );
  }

  /** pg reads host and port when it connects, so the address can be chosen as late as that. */
  #aim(endpoint: Endpoint): void {
    this.#state = { at: 'dialling', endpoint, since: this.#context.clock.now() };
    const inner = internals(this);
    inner.host = inner.connectionParameters.host = endpoint.host;
    inner.port = inner.connectionParameters.port = endpoint.port;
  }

  #destroy(reason?: Error): void {
    const inner = internals(this);
    const { stream } = inner.connection;
    this.#interruption = reason;
    inner._queryable = false; // pg hears of the end a turn later
    if (this.busy) return cutTcp(stream, this.#socket);
    // pg listens to its socket from connect() on; an error that nobody hears would end the process.
    stream.destroy(stream.listenerCount('error') > 0 ? reason : undefined);
  }

  #giveUp(cause: Error, endpoint: Endpoint): HaError {
    const { target, who } = this.#context;
    this.interrupt();
    const error = dialError(cause, endpoint, who);
    // Whether the member is gone is for a probe to say: behind a load balancer one dial proves nothing. A full server is there.
    const telling = !SAYS_NOTHING.has(error.code) && sqlstateOf(cause) !== '53300';
    if (telling) target.suspect(endpoint, error.message);
    return error;
  }
}
