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

interface Line {
  readonly connection: Promise<WireConnection>;
  idle: Timer | undefined;
}

/** Questions to servers about their other connections: one connection to each, opened when there is something to ask. */
export class SideLine {
  readonly #options: SideLineOptions;
  readonly #lines = new Map<string, Line>();

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
    const line = this.#lines.get(key) ?? this.#add(key, endpoint, address);
    line.idle?.cancel();
    line.idle = clock.timer(IDLE_MS, () => this.#drop(key, line), { background: true });
    try {
      return await (await line.connection).ask(commands, timeoutMs);
    } catch (error) {
      this.#drop(key, line);
      throw error;
    }
  }

  close(): void {
    for (const [key, line] of this.#lines) this.#drop(key, line);
  }

  #add(key: string, endpoint: Endpoint, address: string | undefined): Line {
    const there = address !== undefined && { lookup: socketLookup(() => Promise.resolve([address])) };
    const connection = openLoggedIn({ ...this.#options, ...there, endpoint });
    const line = { connection, idle: undefined };
    this.#lines.set(key, line);
    return line;
  }

  #drop(key: string, line: Line): void {
    line.idle?.cancel();
    if (this.#lines.get(key) === line) this.#lines.delete(key);
    void line.connection.then(
      (connection) => connection.destroy(),
      () => undefined,
    );
  }
}
