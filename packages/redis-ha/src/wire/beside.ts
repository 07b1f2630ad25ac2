import {
  backoffMs,
  describeError,
  endpointKey,
  sleep,
  type Clock,
  type Endpoint,
  type HaLogger,
  type Random,
} from '@steadfast/shared';
import type { Credentials } from './identify.ts';
import { openLoggedIn } from './log-in.ts';
import type { SocketOptions } from './open-socket.ts';
import { ErrorReply, type Reply } from './reply.ts';
import type { WireConnection } from './wire-connection.ts';

export interface BesideOptions {
  clock: Clock;
  random: Random;
  log: HaLogger;
  data: Pick<SocketOptions, 'tls' | 'family' | 'lookup'> & { readonly credentials: Credentials };
  /** what it is for, for the log */
  purpose: string;
  /** nobody has asked for it by a setting: where the server forbids it, that is no warning */
  byTheWay?: boolean;
  /** uses the connection until it ends or `signal` aborts; what it throws ends the connection, and another one is opened */
  work: (connection: WireConnection, signal: AbortSignal) => Promise<void>;
}

/** The server forbids it: asking again would not help. */
export class Forbidden extends Error {}

const DIAL_MS = 1_000;
const RECONNECT = { minMs: 50, maxMs: 5_000 };
/** A connection that is of no use for longer, or cannot be had, counts as one more failure. */
const SHORT_LIFE_MS = 2_000;

/** A connection to the primary beside the data, for as long as that is followed. It keeps no process alive. */
export class Beside {
  readonly #options: BesideOptions;
  #followed: { readonly key: string; readonly stop: AbortController } | undefined;

  constructor(options: BesideOptions) {
    this.#options = options;
  }

  /** @param generation another one makes another connection, also to the same server */
  follow(endpoint: Endpoint | undefined, generation: number): void {
    const key = endpoint && `${endpointKey(endpoint)} ${generation}`;
    if (key === this.#followed?.key) return;
    this.close();
    if (!endpoint || key === undefined) return;
    const stop = new AbortController();
    this.#followed = { key, stop };
    void this.#run(endpoint, stop.signal);
  }

  close(): void {
    this.#followed?.stop.abort();
    this.#followed = undefined;
  }

  /** For as long as this primary is followed; every turn ends with a connection, or with a pause. */
  async #run(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    const { clock, random, log, data, purpose, byTheWay } = this.#options;
    for (let failures = 0; !signal.aborted;) {
      const began = clock.now();
      try {
        const connection = await openLoggedIn({ ...data, endpoint, clock, timeoutMs: DIAL_MS, signal });
        await this.#use(connection, signal);
      } catch (error) {
        const forbidden = error instanceof Forbidden;
        const about = { error: describeError(error), purpose };
        if (forbidden)
          return log[byTheWay ? 'info' : 'warn'](about, 'the server forbids it, and it is left undone');
        if (!signal.aborted) log.debug(about, 'a connection beside the data has failed');
      }
      failures = clock.now() - began < SHORT_LIFE_MS ? failures + 1 : 0;
      await sleep(clock, backoffMs(RECONNECT, failures, random), { signal, background: true });
    }
  }

  async #use(connection: WireConnection, signal: AbortSignal): Promise<void> {
    const end = (): void => connection.destroy();
    signal.addEventListener('abort', end, { once: true });
    try {
      if (!signal.aborted) await this.#options.work(connection, signal);
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  }
}

/** @throws Forbidden, or an error that says what the server said, where a reply is one */
export function throwRefusal(replies: readonly (Reply | undefined)[]): void {
  for (const reply of replies)
    if (reply instanceof ErrorReply)
      throw isForbidden(reply) ? new Forbidden(reply.message) : new Error(reply.message);
}

/** By its ACL, or since the provider has taken the command away. */
export function isForbidden({ prefix, message }: ErrorReply): boolean {
  return prefix === 'NOPERM' || message.startsWith('ERR unknown command');
}
