import pg from 'pg';
import { endpointKey, type Clock, type Endpoint } from '@steadfast/shared';
import { internals } from '../dial/client-internals.ts';
import { guardFrames } from '../dial/frame-guard.ts';
import { boundQuestion, type QuestionBounds, type QuestionTimer } from '../dial/question-bounds.ts';
import { knockedSocket } from '../dial/standing-socket.ts';

export interface ProbeLinesOptions {
  clock: Clock;
  config: pg.ClientConfig;
  /** dial anew for every question: what stands behind an address can change (HAProxy) */
  fresh: boolean;
  applicationName: string;
}

/** What decides whether a server lets us in, and which one that is: `options` is what some proxies choose it by. */
const LOGIN = [
  'user',
  'password',
  'database',
  'ssl',
  'sslnegotiation',
  'enableChannelBinding',
  'scramMaxIterations',
  'options',
] as const;

/** The settings by which a pool's servers are logged in to. */
export function loginOf(pool: pg.PoolConfig): pg.ClientConfig {
  const given: Readonly<Record<string, unknown>> = { ...pool };
  const set = LOGIN.filter((name) => given[name] !== undefined);
  return Object.fromEntries(set.map((name) => [name, given[name]]));
}

/** What our own connections take over of the pool's settings, and of its strategy: servers are reached as the app reaches them. */
export function questionConfig(pool: pg.PoolConfig, stream: pg.ClientConfig['stream']): pg.ClientConfig {
  const socket = pool.stream ?? stream;
  return { ...loginOf(pool), keepAlive: true, ...(socket && { stream: socket }) };
}

/** A connection for questions. `busy` while one is under way; `leaving` ones are closed after their answer. */
interface Line {
  readonly endpoint: Endpoint;
  /** ends what is under way before there is a client */
  readonly end: AbortController;
  client: pg.Client | undefined;
  busy: boolean;
  leaving: boolean;
}

/** Connections of our own on which members are asked about themselves. They stay open from one question to the next. */
export class ProbeLines {
  readonly #options: ProbeLinesOptions;
  readonly #lines = new Map<string, Line>();
  /** fresh questions asked so far */
  #count = 0;

  constructor(options: ProbeLinesOptions) {
    this.#options = options;
  }

  /** Settles within its bounds; a line that failed is closed. */
  async ask<T>(
    endpoint: Endpoint,
    bounds: QuestionBounds,
    question: (client: pg.Client) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#options;
    // One that shall lose no time is put beside another, which has the line.
    const fresh = this.#options.fresh || bounds.patienceMs < bounds.timeoutMs;
    const line = this.#free(endpoint, fresh);
    const late = Promise.withResolvers<never>();
    const timer = boundQuestion(clock, bounds, () => line.client, late.reject);
    try {
      const answer = await Promise.race([this.#put(line, question, timer), late.promise]);
      if (line.leaving) this.#drop(line);
      return answer;
    } catch (error) {
      this.#drop(line);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /** No more questions for now: each line is closed as soon as it is not busy. */
  rest(): void {
    for (const line of this.#lines.values()) {
      line.leaving = true;
      if (!line.busy) this.#drop(line);
    }
  }

  close(): void {
    for (const line of this.#lines.values()) this.#drop(line);
  }

  /** Its line; another one, for this question alone, where that is `fresh`, or an earlier one is still waiting there. */
  #free(endpoint: Endpoint, fresh: boolean): Line {
    const key = endpointKey(endpoint);
    const line = this.#lines.get(key);
    if (fresh || line?.busy) return this.#add(`${key} ${(this.#count += 1)}`, endpoint, true);
    return line ?? this.#add(key, endpoint, false);
  }

  #add(key: string, endpoint: Endpoint, fresh: boolean): Line {
    const line = { endpoint, end: new AbortController(), client: undefined, busy: false, leaving: fresh };
    this.#lines.set(key, line);
    return line;
  }

  async #put<T>(line: Line, question: (client: pg.Client) => Promise<T>, timer: QuestionTimer): Promise<T> {
    line.busy = true;
    if (line.client) internals(line.client).connection.stream.ref();
    try {
      return await question(line.client ?? (await this.#connect(line, timer)));
    } finally {
      line.busy = false;
      // Waiting for the next question must not keep the process alive.
      if (line.client) internals(line.client).connection.stream.unref();
    }
  }

  async #connect(line: Line, { opened, letIn, heard }: QuestionTimer): Promise<pg.Client> {
    const { config, applicationName } = this.#options;
    const stream = await this.#stream(line, opened);
    const client = new pg.Client({
      ...config,
      ...line.endpoint,
      ...stream,
      application_name: applicationName,
    });
    guardFrames(internals(client).connection);
    line.client = client;
    client.on('error', () => this.#drop(line));
    if (line.end.signal.aborted) this.#drop(line);
    line.end.signal.throwIfAborted();
    internals(client).connection.stream.once('connect', letIn).once('data', heard);
    await client.connect();
    return client;
  }

  /** Fresh questions are many at once, and need no second way; a path leads to a socket of this machine. */
  async #stream({ endpoint, end }: Line, opened: () => void): Promise<Pick<pg.ClientConfig, 'stream'>> {
    const { clock, config, fresh } = this.#options;
    if (fresh || config.stream || endpoint.host.startsWith('/')) return {};
    const socket = await knockedSocket(endpoint, clock, { until: end.signal, opened });
    return { stream: () => socket };
  }

  #drop(line: Line): void {
    for (const [key, other] of this.#lines) if (other === line) this.#lines.delete(key);
    line.end.abort(new Error('the connection was closed'));
    if (line.client) internals(line.client).connection.stream.destroy();
  }
}
