import type { ConnectionOptions } from 'node:tls';
import {
  describeError,
  endpointKey,
  isFinal,
  socketLookup,
  type Clock,
  type DnsResolver,
  type Endpoint,
  type Instant,
  type Observation,
  type Prober,
} from '@steadfast/shared';
import { tlsRefusal } from '../options/tls.ts';
import { Full } from '../wire/full.ts';
import { identify, type Credentials, type Identity } from '../wire/identify.ts';
import type { SocketOptions } from '../wire/open-socket.ts';
import { WireConnection } from '../wire/wire-connection.ts';
import { Busy } from './redis-prober.ts';

export interface RouteProberOptions {
  clock: Clock;
  credentials: Credentials;
  tls: ConnectionOptions | undefined;
  family: number | undefined;
  name: Pick<DnsResolver, 'look'>;
}

/**
 * Asks whoever stands behind a provider's name, anew each time: the name is looked up and a connection opened for every
 * question. That it leads to a replica says nothing of the server that our own link leads to: the name may be late or early,
 * and a server that has become a replica refuses writes itself.
 */
export class RouteProber implements Prober {
  readonly #options: RouteProberOptions;
  readonly #open = new Set<WireConnection>();
  #knocking = false;

  constructor(options: RouteProberOptions) {
    this.#options = options;
  }

  async probe(endpoint: Endpoint, timeoutMs: number, patienceMs: number = timeoutMs): Promise<Observation> {
    const at = this.#options.clock.now();
    const key = endpointKey(endpoint);
    try {
      const { identity, moves } = await this.#ask(endpoint, at, Math.min(timeoutMs, patienceMs));
      if (identity.is === 'busy') throw new Busy(`${key} is busy: ${identity.why}`);
      if (identity.is === 'replica') throw new Busy(`${key} leads to a replica`);
      if (identity.is === 'notReady') return { kind: 'unreachable', endpoint, reason: identity.why, at };
      return { kind: 'self', endpoint, role: 'primary', epoch: moves, at };
    } catch (error) {
      if (error instanceof Busy || error instanceof Full || isFinal(error)) throw error;
      const refusal = tlsRefusal(error, key);
      if (refusal) throw refusal;
      return { kind: 'unreachable', endpoint, reason: describeError(error), at };
    }
  }

  /** Nothing is kept between two questions. */
  rest(): void {}

  close(): void {
    for (const connection of this.#open) connection.destroy();
  }

  /** Whoever answers has the epoch of the very addresses that were dialled, however the name moves meanwhile. */
  async #ask(
    endpoint: Endpoint,
    at: Instant,
    timeoutMs: number,
  ): Promise<{ identity: Identity; moves: number }> {
    const { clock, credentials, tls, family, name } = this.#options;
    const { addresses, moves } = await name.look(timeoutMs);
    const lookup = socketLookup(() => Promise.resolve(addresses));
    const remainingMs = (): number => Math.max(1, timeoutMs - (clock.now() - at));
    const dial = { endpoint, tls, family, lookup, timeoutMs: remainingMs(), clock };
    const connection = await this.#dial(dial);
    this.#open.add(connection.unref());
    try {
      const asked = { timeoutMs: remainingMs(), roleOptional: true };
      return { identity: await identify(connection, credentials, asked), moves };
    } finally {
      this.#open.delete(connection);
      connection.destroy();
    }
  }

  /** One of those under way knocks anew where it hears nothing; as many knocks for each would only be more sockets. */
  async #dial(options: SocketOptions): Promise<WireConnection> {
    const alone = this.#knocking;
    if (alone) return WireConnection.open({ ...options, alone });
    this.#knocking = true;
    try {
      return await WireConnection.open(options);
    } finally {
      this.#knocking = false;
    }
  }
}
