import pg from 'pg';
import {
  asError,
  endpointKey,
  within,
  type Clock,
  type Endpoint,
  type Observation,
  type Prober,
} from '@steadfast/shared';
import type { Who } from '../dial/dial-context.ts';
import { internals } from '../dial/client-internals.ts';
import { readIdentity, type Identity, type Observe } from '../dial/identity.ts';
import { dialError } from '../errors/dial-error.ts';
import { sqlstateOf } from '../errors/sqlstate.ts';

export interface PgProberOptions {
  clock: Clock;
  config: pg.ClientConfig;
  observe: Observe;
  who: Who;
  /** dial anew for every question: what stands behind an address can change (HAProxy) */
  fresh: boolean;
}

/** A connection for questions. `busy` while one is under way; `leaving` ones are closed after their answer. */
interface Line {
  readonly client: pg.Client;
  connected: boolean;
  busy: boolean;
  leaving: boolean;
}

/**
 * Asks members for their role by SQL. Connections to standbys stay open during a search, so that a promotion is seen within
 * one short round trip of happening; all are closed when the search is over.
 */
export class PgProber implements Prober {
  readonly #options: PgProberOptions;
  readonly #lines = new Map<string, Line>();
  /** fresh questions asked so far */
  #count = 0;

  constructor(options: PgProberOptions) {
    this.#options = options;
  }

  async probe(endpoint: Endpoint, timeoutMs: number): Promise<Observation> {
    const { clock, observe, who, fresh } = this.#options;
    const key = fresh ? `${endpointKey(endpoint)} ${(this.#count += 1)}` : endpointKey(endpoint);
    const at = clock.now();
    const line = this.#lines.get(key) ?? this.#open(key, endpoint);
    const late = (): Error => new Error(`no answer within ${timeoutMs} ms`);
    try {
      const identity = await within(clock, timeoutMs, ask(line), late);
      if (line.leaving) this.#drop(key, line);
      return observe(endpoint, identity, at);
    } catch (error) {
      this.#drop(key, line);
      const failure = dialError(asError(error), endpoint, who);
      // A server that is full says nothing about its role, and is not unreachable either.
      if (failure.code !== 'HA_DIAL_FAILED' || sqlstateOf(error) === '53300') throw failure;
      return { kind: 'unreachable', endpoint, reason: failure.message, at };
    }
  }

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
    const client = new pg.Client({
      ...this.#options.config,
      ...endpoint,
      application_name: 'steadfast-probe',
    });
    const line: Line = { client, connected: false, busy: false, leaving: this.#options.fresh };
    client.on('error', () => this.#drop(key, line));
    this.#lines.set(key, line);
    return line;
  }

  #drop(key: string, line: Line): void {
    if (this.#lines.get(key) === line) this.#lines.delete(key);
    internals(line.client).connection.stream.destroy();
  }
}

async function ask(line: Line): Promise<Identity> {
  line.busy = true;
  try {
    if (!line.connected) await line.client.connect();
    line.connected = true;
    return await readIdentity(line.client);
  } finally {
    line.busy = false;
  }
}
