import { monotonicMs } from '../monotonic.ts';

/** A connection to one server that can be asked one thing, again and again. */
export interface Session<Answer> {
  /** The server's kernel has accepted the connection; the server itself may still be silent. */
  readonly connected: boolean;
  /** Connects and logs in. */
  open(): Promise<void>;
  /** Rejects only when the session is of no more use. */
  ask(): Promise<Answer>;
  /** Ends it at once; what is under way rejects. */
  destroy(): void;
}

export interface PollerListener<Answer> {
  onAnswer(answer: Answer, at: number): void;
  /** The session broke or could not be opened. */
  onFailure(error: unknown, at: number): void;
  /** A question or a login has had no answer for `silenceMs`; told once for each. */
  onSilence(at: number): void;
}

export interface PollerTimes {
  everyMs: number;
  /** No answer for so long is silence. Default 300. */
  silenceMs?: number;
  /** A kernel that does not accept for so long is dialled again: a cut-off host's may be back. Default 300. */
  connectTimeoutMs?: number;
  /**
   * A silent session is replaced after this. Default 1000: a frozen server collects every connection that was
   * dialled meanwhile and has to work through all of them when it thaws.
   */
  replaceMs?: number;
  /** Pause before the next dial after a failure. Default 10. */
  redialMs?(error: unknown): number;
}

type State<Answer> =
  | { at: 'down'; redialAt: number }
  | { at: 'opening'; session: Session<Answer>; since: number; silent: boolean }
  | { at: 'idle'; session: Session<Answer>; askAt: number }
  | { at: 'asking'; session: Session<Answer>; since: number; silent: boolean }
  | { at: 'stopped' };

const DEFAULTS = { silenceMs: 300, connectTimeoutMs: 300, replaceMs: 1_000, redialMs: (): number => 10 };

/**
 * Asks one server at a steady pace over a connection that it keeps, and dials again when that breaks. There is at
 * most one question under way, so a silent server costs nothing and delays nobody.
 */
export class Poller<Answer> {
  readonly #makeSession: () => Session<Answer>;
  readonly #listener: PollerListener<Answer>;
  readonly #times: Required<PollerTimes>;
  #state: State<Answer> = { at: 'down', redialAt: 0 };

  constructor(makeSession: () => Session<Answer>, times: PollerTimes, listener: PollerListener<Answer>) {
    this.#makeSession = makeSession;
    this.#times = { ...DEFAULTS, ...times };
    this.#listener = listener;
  }

  tick(now: number): void {
    const state = this.#state;
    if (state.at === 'down' && now >= state.redialAt) this.#open(now);
    else if (state.at === 'idle' && now >= state.askAt) this.#ask(state.session, now);
    else if (state.at === 'opening' || state.at === 'asking') this.#watchSilence(state, now);
  }

  stop(): void {
    const state = this.#state;
    this.#state = { at: 'stopped' };
    if ('session' in state) state.session.destroy();
  }

  #open(now: number): void {
    const session = this.#makeSession();
    this.#state = { at: 'opening', session, since: now, silent: false };
    session.open().then(
      () => {
        if (this.#holds(session)) this.#ask(session, monotonicMs());
      },
      (error: unknown) => this.#fail(session, error),
    );
  }

  #ask(session: Session<Answer>, now: number): void {
    this.#state = { at: 'asking', session, since: now, silent: false };
    session.ask().then(
      (answer) => {
        if (!this.#holds(session)) return;
        this.#state = { at: 'idle', session, askAt: now + this.#times.everyMs };
        this.#listener.onAnswer(answer, monotonicMs());
      },
      (error: unknown) => this.#fail(session, error),
    );
  }

  #watchSilence(state: State<Answer> & { at: 'opening' | 'asking' }, now: number): void {
    const silentMs = now - state.since;
    const { silenceMs, connectTimeoutMs, replaceMs } = this.#times;
    if (silentMs >= silenceMs && !state.silent) {
      state.silent = true;
      this.#listener.onSilence(now);
    }
    if (!state.session.connected && silentMs >= connectTimeoutMs) {
      this.#fail(state.session, new Error(`not connected within ${connectTimeoutMs} ms`));
    } else if (silentMs >= replaceMs) {
      this.#fail(state.session, new Error(`no answer within ${replaceMs} ms`));
    }
  }

  #fail(session: Session<Answer>, error: unknown): void {
    if (!this.#holds(session)) return;
    const now = monotonicMs();
    this.#state = { at: 'down', redialAt: now + this.#times.redialMs(error) };
    session.destroy();
    this.#listener.onFailure(error, now);
  }

  /** A session that was replaced has no more say. */
  #holds(session: Session<Answer>): boolean {
    return 'session' in this.#state && this.#state.session === session;
  }
}
