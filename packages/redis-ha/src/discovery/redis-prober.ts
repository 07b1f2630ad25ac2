import type { ConnectionOptions } from 'node:tls';
import {
  describeError,
  endpointKey,
  isFinal,
  type Clock,
  type Endpoint,
  type Observation,
  type Prober,
} from '@steadfast/shared';
import { tlsRefusal } from '../options/tls.ts';
import { Full } from '../wire/full.ts';
import { identify, type Credentials } from '../wire/identify.ts';
import { WireConnection } from '../wire/wire-connection.ts';

export interface RedisProberOptions {
  clock: Clock;
  credentials: Credentials;
  tls: ConnectionOptions | undefined;
  family: number | undefined;
  /** a server that forbids ROLE is taken for the primary: only where there is but one */
  roleOptional: boolean;
}

/** Asks members ROLE. During a search the connections stay open, so that each further question is one round trip. */
export class RedisProber implements Prober {
  readonly #options: RedisProberOptions;
  readonly #open = new Map<string, WireConnection>();
  readonly #asking = new Set<string>();
  /** connections of questions beside others, each for one question */
  readonly #brief = new Set<WireConnection>();
  #resting = false;

  constructor(options: RedisProberOptions) {
    this.#options = options;
  }

  async probe(endpoint: Endpoint, timeoutMs: number, patienceMs: number = timeoutMs): Promise<Observation> {
    const at = this.#options.clock.now();
    const key = endpointKey(endpoint);
    this.#resting = false;
    try {
      return this.#asking.has(key)
        ? await this.#glance(endpoint, at, Math.min(timeoutMs, patienceMs))
        : await this.#standing(endpoint, at, timeoutMs);
    } catch (error) {
      if (error instanceof Busy || error instanceof Full) throw error;
      const refusal = tlsRefusal(error, key) ?? (isFinal(error) ? error : undefined);
      if (refusal) throw refusal as Error;
      return { kind: 'unreachable', endpoint, reason: describeError(error), at };
    }
  }

  /** A connection with a question under way goes when that is answered: cutting it would pass for an answer. */
  rest(): void {
    this.#resting = true;
    for (const key of [...this.#open.keys()]) if (!this.#asking.has(key)) this.#drop(key);
  }

  close(): void {
    this.rest();
    for (const key of [...this.#open.keys()]) this.#drop(key);
    for (const connection of this.#brief) connection.destroy();
  }

  /** Over the connection that is kept: one question at a time. */
  async #standing(endpoint: Endpoint, at: number, timeoutMs: number): Promise<Observation> {
    const key = endpointKey(endpoint);
    this.#asking.add(key);
    try {
      return await this.#ask(await this.#connection(endpoint, timeoutMs), at, timeoutMs);
    } catch (error) {
      if (!(error instanceof Busy)) this.#drop(key);
      throw error;
    } finally {
      this.#asking.delete(key);
      if (this.#resting) this.#drop(key);
    }
  }

  /** Beside a question that hangs, over a connection of its own: it may be the link that hangs. */
  async #glance(endpoint: Endpoint, at: number, timeoutMs: number): Promise<Observation> {
    const connection = await this.#dial(endpoint, timeoutMs);
    this.#brief.add(connection);
    try {
      return await this.#ask(connection, at, timeoutMs);
    } finally {
      this.#brief.delete(connection);
      connection.destroy();
    }
  }

  async #ask(connection: WireConnection, at: number, timeoutMs: number): Promise<Observation> {
    const { clock, credentials, roleOptional } = this.#options;
    const { endpoint } = connection;
    const remainingMs = Math.max(1, timeoutMs - (clock.now() - at));
    const identity = await identify(connection, credentials, { timeoutMs: remainingMs, roleOptional });
    if (identity.is === 'busy') throw new Busy(`${endpointKey(endpoint)} is busy: ${identity.why}`);
    if (identity.is === 'notReady') return { kind: 'unreachable', endpoint, reason: identity.why, at };
    return { kind: 'self', endpoint, role: identity.is, at };
  }

  async #connection(endpoint: Endpoint, timeoutMs: number): Promise<WireConnection> {
    const key = endpointKey(endpoint);
    const known = this.#open.get(key);
    if (known?.open) return known;
    const connection = await this.#dial(endpoint, timeoutMs);
    this.#open.set(key, connection);
    return connection;
  }

  async #dial(endpoint: Endpoint, timeoutMs: number): Promise<WireConnection> {
    const { clock, tls, family } = this.#options;
    return (await WireConnection.open({ endpoint, tls, family, timeoutMs, clock })).unref();
  }

  #drop(key: string): void {
    this.#open.get(key)?.destroy();
    this.#open.delete(key);
  }
}

/** Alive and silent about its role: nothing is concluded from that. */
export class Busy extends Error {}
