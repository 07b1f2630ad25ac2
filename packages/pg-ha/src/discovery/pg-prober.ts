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
import type { DialContext } from '../dial/dial-context.ts';
import { internals } from '../dial/client-internals.ts';
import { readIdentity } from '../dial/identity.ts';
import { dialError } from '../errors/dial-error.ts';

export interface PgProberOptions {
  clock: Clock;
  config: pg.ClientConfig;
  observe: DialContext['observe'];
  who: DialContext['who'];
  /** dial anew for every question: what stands behind an address can change (HAProxy) */
  fresh: boolean;
}

/**
 * Asks members for their role by SQL. Connections to standbys stay open during a search, so that a promotion is seen within
 * one short round trip of happening; all are closed when the search is over.
 */
export class PgProber implements Prober {
  readonly #options: PgProberOptions;
  readonly #open = new Map<string, pg.Client>();
  #closed = false;

  constructor(options: PgProberOptions) {
    this.#options = options;
  }

  async probe(endpoint: Endpoint, timeoutMs: number): Promise<Observation> {
    const { clock, observe, who, fresh } = this.#options;
    const key = endpointKey(endpoint);
    const at = clock.now();
    const client = this.#open.get(key) ?? this.#client(endpoint);
    const late = (): Error => new Error(`no answer within ${timeoutMs} ms`);
    try {
      const identity = await within(clock, timeoutMs, this.#ask(key, client), late);
      if (fresh) this.#drop(key, client);
      return observe(endpoint, identity, at);
    } catch (error) {
      this.#drop(key, client);
      const failure = dialError(asError(error), endpoint, who);
      if (failure.code === 'HA_AUTH' || failure.code === 'HA_CONFIG') throw failure;
      return { kind: 'unreachable', endpoint, reason: failure.message, at };
    }
  }

  rest(): void {
    for (const [key, client] of this.#open) this.#drop(key, client);
  }

  close(): void {
    this.#closed = true;
    this.rest();
  }

  #client(endpoint: Endpoint): pg.Client {
    const client = new pg.Client({
      ...this.#options.config,
      ...endpoint,
      application_name: 'steadfast-probe',
    });
    client.on('error', () => this.#drop(endpointKey(endpoint), client));
    return client;
  }

  async #ask(key: string, client: pg.Client): Promise<Awaited<ReturnType<typeof readIdentity>>> {
    if (this.#open.get(key) !== client) {
      await client.connect();
      if (this.#closed) throw new Error('closed');
      this.#open.set(key, client);
    }
    return readIdentity(client);
  }

  #drop(key: string, client: pg.Client): void {
    if (this.#open.get(key) === client) this.#open.delete(key);
    internals(client).connection.stream.destroy();
  }
}
