import pg from 'pg';
import { endpointKey, within, type Clock, type Endpoint } from '@steadfast/shared';
import { internals } from '../dial/client-internals.ts';

export interface ProbeLinesOptions {
  clock: Clock;
  config: pg.ClientConfig;
  /** dial anew for every question: what stands behind an address can change (HAProxy) */
  fresh: boolean;
  applicationName: string;
}

/** A connection for questions. `busy` while one is under way; `leaving` ones are closed after their answer. */
interface Line {
  readonly client: pg.Client;
  connected: boolean;
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

  /** Settles within `timeoutMs`; a line that failed is closed. */
  async ask<T>(
    endpoint: Endpoint,
    timeoutMs: number,
    question: (client: pg.Client) => Promise<T>,
  ): Promise<T> {
    const { clock, fresh } = this.#options;
    const key = fresh ? `${endpointKey(endpoint)} ${(this.#count += 1)}` : endpointKey(endpoint);
    const line = this.#lines.get(key) ?? this.#open(key, endpoint);
    const late = (): Error => new Error(`no answer within ${timeoutMs} ms`);
    try {
      const answer = await within(clock, timeoutMs, put(line, question), late);
      if (line.leaving) this.#drop(key, line);
      return answer;
    } catch (error) {
      this.#drop(key, line);
      throw error;
    }
  }

  /** No more questions for now: each line is closed as soon as it is not busy. */
  rest(): void {
    for (const [key, line] of this.#lines) {
      line.leaving = true;
      if (!line.busy) this.#drop(key, line);
    }
  }

  close(): void {
    for (const [key, line] of this.#lines) this.#drop(key, line);
  }

  #open(key: string, endpoint: Endpoint): Line {
    const { config, applicationName, fresh } = this.#options;
    const client = new pg.Client({ ...config, ...endpoint, application_name: applicationName });
    const line: Line = { client, connected: false, busy: false, leaving: fresh };
    client.on('error', () => this.#drop(key, line));
    this.#lines.set(key, line);
    return line;
  }

  #drop(key: string, line: Line): void {
    if (this.#lines.get(key) === line) this.#lines.delete(key);
    internals(line.client).connection.stream.destroy();
  }
}

async function put<T>(line: Line, question: (client: pg.Client) => Promise<T>): Promise<T> {
  line.busy = true;
  try {
    if (!line.connected) await line.client.connect();
    line.connected = true;
    return await question(line.client);
  } finally {
    line.busy = false;
  }
}
