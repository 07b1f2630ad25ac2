import type pg from 'pg';
import { endpointKey, HaError, type Clock, type Endpoint, type Seat, type Timer } from '@steadfast/shared';
import { isUsable } from '../dial/client-internals.ts';
import type { HaClient } from '../dial/ha-client.ts';
import type { Identity } from '../dial/identity.ts';
import type { QuestionBounds } from '../dial/question-bounds.ts';
import type { Scout } from '../discovery/scout.ts';

/** Nobody has taken it by then: it is closed, ms. */
const KEEP_MS = 1_000;

export interface SpareOptions {
  monitor: Pick<Seat, 'waiting' | 'state'>;
  clock: Clock;
  /** whether the pool has to dial for a call, once the dials that hang are out of the way */
  mustDial: () => boolean;
  newClient: () => HaClient;
}

/**
 * The connection on which a pool's own question found the primary, until the first call that was waiting takes it. Of several
 * that were asked on side by side the first is kept, the others are closed.
 */
export class Spare implements Scout {
  readonly #options: SpareOptions;
  readonly #asking = new Set<HaClient>();
  /** to servers that were standbys when they were asked last */
  readonly #lines = new Map<string, HaClient>();
  #kept: HaClient | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: SpareOptions) {
    this.#options = options;
  }

  get wanted(): boolean {
    const { monitor, mustDial } = this.#options;
    return !this.#closed && !this.#kept && monitor.waiting > 0 && mustDial();
  }

  get eager(): boolean {
    return !this.#closed && this.#options.monitor.state === 'searching';
  }

  async ask(endpoint: Endpoint, bounds: QuestionBounds, stays: boolean): Promise<Identity> {
    const key = endpointKey(endpoint);
    const line = stays ? this.#line(key) : undefined;
    // An earlier question may still wait there.
    const client = line && !this.#asking.has(line) ? line : this.#options.newClient();
    if (stays && !line) this.#lines.set(key, client);
    this.#asking.add(client);
    try {
      const identity = await client.scout(endpoint, bounds, stays);
      const found = identity.role === 'primary' && this.wanted;
      if (found) this.#keep(key, client);
      else this.#hold(key, client);
      return identity;
    } catch (error) {
      if (this.#lines.get(key) === client) this.#lines.delete(key);
      // That this pool has ended says nothing of the server to others that watch it.
      if (this.#closed) throw new HaError('HA_CLOSED', 'the pool has been ended', { outcome: 'notSent' });
      throw error;
    } finally {
      this.#asking.delete(client);
    }
  }

  recall(endpoint: Endpoint, bounds: QuestionBounds): Promise<Identity> | undefined {
    const line = this.#line(endpointKey(endpoint));
    return line && !this.#asking.has(line) ? this.ask(endpoint, bounds, true) : undefined;
  }

  /** Those that are being asked are closed after their answer. */
  rest(): void {
    for (const [key, client] of this.#lines) {
      if (this.#asking.has(client)) continue;
      this.#lines.delete(key);
      client.interrupt();
    }
  }

  /** The connection, once: connect() is all that it still wants. */
  take(): HaClient | undefined {
    const client = this.#kept;
    this.#kept = undefined;
    this.#timer?.cancel();
    return client && isUsable(client) ? client : undefined;
  }

  close(): void {
    this.#closed = true;
    for (const client of [...this.#asking, ...this.#lines.values()]) client.interrupt();
    this.#lines.clear();
    this.take()?.interrupt();
  }

  #line(key: string): HaClient | undefined {
    const line = this.#lines.get(key);
    return line && isUsable(line) ? line : undefined;
  }

  /** For the next question: its server may be promoted. What was asked last is where a route leads by now. */
  #hold(key: string, client: HaClient): void {
    const before = this.#lines.get(key);
    if (!this.eager) return before === client ? undefined : client.interrupt();
    if (before !== client) before?.interrupt();
    this.#lines.set(key, client);
  }

  #keep(key: string, client: HaClient): void {
    if (this.#lines.get(key) === client) this.#lines.delete(key);
    this.#kept = client;
    this.#timer = this.#options.clock.timer(KEEP_MS, () => this.take()?.interrupt(), { background: true });
  }
}

/** pg-pool makes its clients by `new`: where a connection is to spare, that is the one it gets. */
export function spareFirst(
  Client: new (config?: pg.ClientConfig) => HaClient,
  spare: Spare,
): new (config?: pg.ClientConfig) => HaClient {
  return class extends Client {
    constructor(config?: pg.ClientConfig) {
      const kept = spare.take();
      if (kept) return kept;
      super(config);
    }
  };
}
