import type { ConnectionOptions } from 'node:tls';
import {
  backoffMs,
  endpointKey,
  type Clock,
  type Endpoint,
  type HaLogger,
  type Instant,
  type Random,
  type Timer,
} from '@steadfast/shared';
import type { Translate } from '../options/nat-map.ts';
import { tlsRefusal } from '../options/tls.ts';
import { isForbidden } from '../wire/beside.ts';
import type { Credentials } from '../wire/identify.ts';
import { openLoggedIn } from '../wire/log-in.ts';
import { ErrorReply, textOf, type Reply } from '../wire/reply.ts';
import type { WireConnection } from '../wire/wire-connection.ts';
import { admitted, readView, translated, viewQuestions, type SentinelView } from './sentinel-view.ts';

export interface SentinelLinkOptions {
  clock: Clock;
  random: Random;
  master: string;
  credentials: Credentials;
  tls: ConnectionOptions | undefined;
  /** 4, 6 or 0 for either */
  family: number | undefined;
  log: HaLogger;
  /** where an address that it names is to be dialled */
  translate: Translate;
  /** whether it may be dialled then */
  mayDial: (host: string) => boolean;
  /** hears every notification: channel and message */
  onMessage: (step: string, message: string) => void;
}

const MY_ID = ['SENTINEL', 'MYID'];
/**
 * Reconnects of the subscription: from 50 to 500 ms. Sentinels that have come back look at the master for `down-after` before
 * they act, a second or more, and what they announce then must be heard.
 */
const RECONNECT = { minMs: 50, maxMs: 500 };
/** Until a sentinel that forbids its notifications is asked for them again: somebody may have given the user its channels. */
const FORBIDDEN_MS = 300_000;
/** Pauses of the questions to one that did not answer. */
const REST = { minMs: 250, maxMs: 5_000 };
/** Questions without an answer, one after the other, until it is thought to be somewhere else. */
const LOST_MISSES = 3;
/** Opening a connection to a sentinel may take so long. */
const DIAL_MS = 1_000;
/** A subscription that has answered no PING for so long is dead. */
const PONG_MS = 2_000;

/**
 * What we hold of one sentinel: a connection that is asked, and one that is subscribed to its notifications. Neither keeps
 * the process alive, and a sentinel that does not answer costs nobody else anything.
 */
export class SentinelLink {
  readonly endpoint: Endpoint;
  readonly key: string;
  /** the sentinel's own id, once it has said it: one sentinel may be known under several addresses */
  runId: string | undefined;
  readonly #options: SentinelLinkOptions;
  #asked: WireConnection | undefined;
  #asking: Promise<SentinelView> | undefined;
  #subscribed: WireConnection | undefined;
  #retry: Timer | undefined;
  #failures = 0;
  /** it has said that we may not hear its notifications, and the log that it has */
  #forbidden = false;
  #pingedAt: Instant | undefined;
  #misses = 0;
  #restUntil: Instant = -Infinity;
  #closed = false;

  constructor(endpoint: Endpoint, options: SentinelLinkOptions) {
    this.endpoint = endpoint;
    this.key = endpointKey(endpoint);
    this.#options = options;
  }

  /** A question is still open: a frozen sentinel is not asked twice, and not waited for. */
  get silent(): boolean {
    return this.#asking !== undefined;
  }

  /** It failed to answer a moment ago: it is asked again later, unless there is nobody else. */
  get resting(): boolean {
    return this.#options.clock.now() < this.#restUntil;
  }

  /** It has failed to answer again and again. */
  get lost(): boolean {
    return this.#misses >= LOST_MISSES;
  }

  /** It does not let us hear what it publishes. */
  get mute(): boolean {
    return this.#forbidden;
  }

  /** Asks for its view; while one question is open, further ones share it. */
  ask(timeoutMs: number): Promise<SentinelView> {
    this.#asking ??= this.#ask(timeoutMs).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  /** Opens the subscription, and keeps it open. */
  subscribe(): void {
    if (this.#closed || this.#subscribed || this.#retry) return;
    void this.#subscribe();
  }

  /** Notices a subscription that is dead without having been closed. */
  checkPulse(): void {
    const now = this.#options.clock.now();
    if (!this.#subscribed) return;
    if (this.#pingedAt === undefined) {
      this.#pingedAt = now;
      this.#subscribed.send([['PING']]);
    } else if (now - this.#pingedAt > PONG_MS) {
      this.#subscribed.destroy(new Error(`${this.key} is silent`));
    }
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#asked?.destroy();
    this.#subscribed?.destroy();
  }

  async #ask(timeoutMs: number): Promise<SentinelView> {
    const { clock, master, translate, mayDial } = this.#options;
    const at = clock.now();
    try {
      this.#asked = this.#asked?.open ? this.#asked : await this.#open(timeoutMs);
      const questions = viewQuestions(master);
      const remainingMs = Math.max(1, timeoutMs - (clock.now() - at));
      const identity = this.runId === undefined ? [MY_ID] : [];
      const answers = await this.#asked.ask([...questions, ...identity], remainingMs);
      this.#identified(answers.slice(questions.length));
      this.#misses = 0;
      const view = readView(answers, { sentinel: this.key, master, at });
      return admitted(translated(view, translate), mayDial);
    } catch (error) {
      this.#restUntil = clock.now() + backoffMs(REST, this.#misses++, this.#options.random);
      throw tlsRefusal(error, `sentinel ${this.key}`) ?? error;
    }
  }

  async #open(timeoutMs: number): Promise<WireConnection> {
    const { clock, tls, family, credentials } = this.#options;
    const { endpoint } = this;
    const connection = await openLoggedIn({ endpoint, tls, family, credentials, timeoutMs, clock });
    if (this.#closed) connection.destroy();
    return connection;
  }

  #identified([id]: readonly Reply[]): void {
    if (typeof id === 'string') this.runId = id;
  }

  async #subscribe(): Promise<void> {
    let connection: WireConnection;
    try {
      this.#retry = undefined;
      connection = await this.#open(DIAL_MS);
      // What it publishes is counted under its own id, as it votes; so that is known before anything is heard.
      if (this.runId === undefined) this.#identified(await connection.ask([MY_ID], DIAL_MS));
    } catch {
      return this.#again();
    }
    if (this.#closed) return connection.destroy();
    this.#subscribed = connection;
    this.#pingedAt = undefined;
    connection.onEnd(() => this.#lost(connection));
    connection.listen([['PSUBSCRIBE', '*']], (reply) => this.#hear(reply));
  }

  #lost(connection: WireConnection): void {
    if (this.#subscribed !== connection) return;
    this.#subscribed = undefined;
    this.#again();
  }

  #again(): void {
    if (this.#closed) return;
    const { clock, random } = this.#options;
    const ms = this.#forbidden ? FORBIDDEN_MS : backoffMs(RECONNECT, this.#failures++, random);
    this.#retry = clock.timer(ms, () => void this.#subscribe(), { background: true });
  }

  #hear(reply: Reply): void {
    if (reply instanceof ErrorReply) {
      if (isForbidden(reply)) this.#forbid(reply);
      return this.#subscribed?.destroy(new Error(reply.message));
    }
    if (!Array.isArray(reply)) return;
    const [kind, , channel, message] = reply;
    if (kind === 'psubscribe') [this.#failures, this.#forbidden] = [0, false];
    if (kind === 'pong') this.#pingedAt = undefined;
    if (kind === 'pmessage') this.#options.onMessage(textOf(channel), textOf(message));
  }
  #forbid({ message }: ErrorReply): void {
    if (!this.#forbidden)
      this.#options.log.warn(
        { event: 'sentinel-forbids', sentinel: this.key, error: message },
        'a sentinel does not let us hear what it publishes: its user needs +psubscribe and all channels; failovers are found by asking alone',
      );
    this.#forbidden = true;
  }
}
