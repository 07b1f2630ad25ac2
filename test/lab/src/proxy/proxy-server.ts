import { once } from 'node:events';
import { Server, Socket, type AddressInfo } from 'node:net';
import { monotonicMs } from '../monotonic.ts';
import type { LinkBehaviour, LinkProxy, LinkStats } from '../types.ts';
import { Alarm } from './alarm.ts';
import { changed, initialBehaviour, type Behaviour, type Target } from './behaviour.ts';
import { Connection, type Link } from './connection.ts';
import { CutRule, type CutOptions } from './cut-rule.ts';
import { seededRandom } from './seeded-random.ts';

export interface ProxyOptions {
  target: Target;
  /** Address to listen on. Default 127.0.0.1. */
  host?: string;
  /** Default 0: a free one. */
  port?: number;
  /** Seed of the jitter. Default 1. */
  seed?: number;
  /** Bytes held for each direction of a connection before its sender is slowed down. Default 1 MiB. */
  maxBufferedBytes?: number;
  /** Delays are kept to 0.1 ms, where timers are up to 1 ms late; a thread of the process is spent on it. Default false. */
  precise?: boolean;
}

export interface ProxyStats extends LinkStats {
  /** Connections cut by a truncation or by `cutAfter` so far. */
  cuts: number;
}

/** A LinkProxy in this process, with what it can do beyond the lab's contract. */
export interface ProxyServer extends LinkProxy {
  cutAfter(pattern: string | Uint8Array, options?: CutOptions): Promise<void>;
  /** Disarms every `cutAfter` that is not spent. */
  clearCuts(): Promise<void>;
  stats(): Promise<ProxyStats>;
}

const DEFAULT_MAX_BUFFERED_BYTES = 1 << 20;
/** More connections than these are reset: no test opens so many on purpose. */
const MAX_CONNECTIONS = 4_096;
const MAX_RULES = 16;

function wakeByTimer(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.ceil(ms));
  return () => clearTimeout(timer);
}

/** One alarm serves all proxies of the process. */
let alarm: Alarm | undefined;

function wakePrecisely(ms: number, run: () => void): () => void {
  alarm ??= new Alarm();
  return alarm.at(monotonicMs() + ms, run);
}

/** Starts a TCP proxy in this process. */
export async function createProxyServer(options: ProxyOptions): Promise<ProxyServer> {
  const proxy = new TcpProxy(options);
  await proxy.listen();
  return proxy;
}

class TcpProxy implements ProxyServer {
  endpoint: Target;
  readonly #link: Link;
  readonly #connections = new Set<Connection>();
  readonly #totals: Omit<ProxyStats, 'connections'> = { accepted: 0, bytesUp: 0, bytesDown: 0, cuts: 0 };
  #server: Server | undefined;
  /** Changes that wait for the listening socket follow each other. */
  #changes: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: ProxyOptions) {
    this.endpoint = { host: options.host ?? '127.0.0.1', port: options.port ?? 0 };
    this.#link = {
      behaviour: initialBehaviour(options.target),
      rules: [],
      maxBufferedBytes: options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES,
      random: seededRandom(options.seed ?? 1),
      wakeIn: options.precise ? wakePrecisely : wakeByTimer,
      onForwarded: (direction, bytes) =>
        (this.#totals[direction === 'up' ? 'bytesUp' : 'bytesDown'] += bytes),
      onCut: () => this.#totals.cuts++,
    };
  }

  async listen(): Promise<void> {
    // Half-open allowed: an end is passed on when its turn comes, not answered by the proxy.
    const server = new Server({ allowHalfOpen: true });
    server.on('connection', (client) => this.#accept(client));
    server.listen(this.endpoint.port, this.endpoint.host);
    try {
      await once(server, 'listening');
    } catch (cause) {
      const { host, port } = this.endpoint;
      throw new Error(`the proxy cannot listen on ${host}:${port}: ${String(cause)}`, { cause });
    }
    this.endpoint = { host: this.endpoint.host, port: (server.address() as AddressInfo).port };
    this.#server = server;
  }

  set(change: LinkBehaviour): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed) throw new Error('the proxy is closed');
      const next = changed(this.#link.behaviour, change);
      if (next.refuse && this.#server) this.#stopListening();
      else if (!next.refuse && !this.#server) await this.listen();
      this.#apply(next);
    });
  }

  async reset(): Promise<void> {
    for (const connection of this.#connections) connection.reset();
  }

  async cutAfter(pattern: string | Uint8Array, options: CutOptions = {}): Promise<void> {
    const rule = new CutRule(pattern, options);
    const { rules } = this.#link;
    this.#link.rules = rules.filter((each) => !each.spent);
    if (this.#link.rules.length >= MAX_RULES)
      throw new Error(`cutAfter: ${MAX_RULES} rules are armed already`);
    this.#link.rules.push(rule);
  }

  async clearCuts(): Promise<void> {
    this.#link.rules = [];
  }

  async stats(): Promise<ProxyStats> {
    return { connections: this.#connections.size, ...this.#totals };
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#inTurn(async () => {
      this.#stopListening();
      await this.reset();
    });
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#changes.then(change);
    this.#changes = done.catch(() => undefined);
    return done;
  }

  #apply(next: Behaviour): void {
    this.#link.behaviour = next;
    for (const connection of this.#connections) connection.refresh();
  }

  #stopListening(): void {
    // The listening socket is closed at once; its connections are not.
    this.#server?.close();
    this.#server = undefined;
  }

  #accept(client: Socket): void {
    if (this.#connections.size >= MAX_CONNECTIONS) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    this.#totals.accepted++;
    const upstream = new Socket({ allowHalfOpen: true });
    const connection = new Connection(this.#link, client, upstream, () =>
      this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    connection.refresh();
    if (this.#link.behaviour.halfOpen) upstream.destroy();
    else upstream.connect(this.#link.behaviour.target);
  }
}
