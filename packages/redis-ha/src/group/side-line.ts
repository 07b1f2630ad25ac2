import { endpointKey, socketLookup, type Clock, type Endpoint, type Timer } from '@steadfast/shared';
import type { LookupFunction } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Credentials } from '../wire/identify.ts';
import { openLoggedIn } from '../wire/log-in.ts';
import type { Reply } from '../wire/reply.ts';
import type { WireConnection } from '../wire/wire-connection.ts';

export interface SideLineOptions {
  clock: Clock;
  credentials: Credentials;
  tls: ConnectionOptions | undefined;
  family: number | undefined;
  lookup: LookupFunction | undefined;
  timeoutMs: number;
}

/** It is closed after so long without a question. */
const IDLE_MS = 5_000;

/** Questions to a server about its other connections: one connection for all of them, opened when there is something to ask. */
export class SideLine {
  readonly #options: SideLineOptions;
  #line: { readonly key: string; readonly connection: Promise<WireConnection> } | undefined;
  #idle: Timer | undefined;

  constructor(options: SideLineOptions) {
    this.#options = options;
  }

  /**
   * @param address of the very server that is meant, where the endpoint's name may lead to others too
   * @throws where the server cannot be reached, or does not answer in time
   */
  async ask(
    endpoint: Endpoint,
    commands: readonly (readonly (string | number)[])[],
    address?: string,
  ): Promise<Reply[]> {
    const { clock, timeoutMs } = this.#options;
    const key = `${endpointKey(endpoint)} ${address ?? ''}`;
    if (this.#line?.key !== key) this.close();
    const line = (this.#line ??= { key, connection: this.#open(endpoint, address) });
    this.#idle?.cancel();
    this.#idle = clock.timer(IDLE_MS, () => this.close(), { background: true });
    try {
      return await (await line.connection).ask(commands, timeoutMs);
    } catch (error) {
      if (this.#line === line) this.close();
      throw error;
    }
  }

  close(): void {
    this.#idle?.cancel();
    const line = this.#line;
    this.#line = undefined;
    void line?.connection.then(
      (connection) => connection.destroy(),
      () => undefined,
    );
  }

  #open(endpoint: Endpoint, address: string | undefined): Promise<WireConnection> {
    const there = address !== undefined && { lookup: socketLookup(() => Promise.resolve([address])) };
    return openLoggedIn({ ...this.#options, ...there, endpoint });
  }
}
