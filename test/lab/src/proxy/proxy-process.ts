import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CutOptions } from './cut-rule.ts';
import type { ProxyCall, ProxyCalls, ProxyReply } from './proxy-messages.ts';
import type { ProxyOptions, ProxyServer } from './proxy-server.ts';

const CALL_TIMEOUT_MS = 5_000;
const EXIT_TIMEOUT_MS = 2_000;

/** A process of its own that hosts any number of proxies. It ends with the process that started it. */
export interface ProxyProcess {
  readonly pid: number;
  create(options: ProxyOptions): Promise<ProxyServer>;
  /** Closes every proxy and ends the process. */
  stop(): Promise<void>;
}

export async function startProxyProcess(): Promise<ProxyProcess> {
  // The same module runs as source and as build output: its sibling has the same ending.
  const main = fileURLToPath(new URL(`./proxy-main${import.meta.url.slice(-3)}`, import.meta.url));
  const child = fork(main, [], { execArgv: [], serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'] });
  await once(child, 'spawn');
  return new ForkedProxies(child);
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

class ForkedProxies implements ProxyProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<unknown>;
  #lastId = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? -1;
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
    child.on('message', (reply: ProxyReply) => this.#settle(reply));
    child.on('error', () => undefined);
    child.on('exit', () => {
      for (const id of this.#waiting.keys()) this.#settle({ id, error: 'the proxy process has ended' });
    });
  }

  async create(options: ProxyOptions): Promise<ProxyServer> {
    const { proxy, host, port } = await this.#call('create', options);
    return {
      endpoint: { host, port },
      set: (change) => this.#call('set', proxy, change),
      reset: () => this.#call('reset', proxy),
      cutAfter: (pattern: string | Uint8Array, cut: CutOptions = {}) =>
        this.#call('cutAfter', proxy, pattern, cut),
      clearCuts: () => this.#call('clearCuts', proxy),
      stats: () => this.#call('stats', proxy),
      close: () => this.#call('close', proxy),
    };
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(kill);
  }

  #call<Call extends ProxyCall>(
    call: Call,
    ...args: ProxyCalls[Call]['args']
  ): Promise<ProxyCalls[Call]['result']> {
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error('the proxy process has ended'));
      const id = ++this.#lastId;
      const error = `the proxy process did not answer '${call}' within ${CALL_TIMEOUT_MS} ms`;
      const timer = setTimeout(() => this.#settle({ id, error }), CALL_TIMEOUT_MS);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      this.#child.send({ id, call, args });
    });
  }

  #settle(reply: ProxyReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    this.#waiting.delete(reply.id);
    clearTimeout(waiting.timer);
    if ('error' in reply) waiting.reject(new Error(reply.error));
    else waiting.resolve(reply.result);
  }
}
