import type { Blueprint } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { createProxyServer, type ProxyServer } from '../proxy/proxy-server.ts';
import { ConnectionHolder } from './connection-holder.ts';
import { ManagedNames } from './managed-names.ts';
import type { Endpoint, SupervisorCalls } from './messages.ts';

const MAX_PROXIES = 64;

type Handlers = {
  [Call in keyof SupervisorCalls]: (
    ...args: SupervisorCalls[Call]['args']
  ) => Promise<SupervisorCalls[Call]['result']> | SupervisorCalls[Call]['result'];
};

/** Hosts what must live as long as the lab: the managed names, the proxies, the connections a fault holds. */
export class Supervisor {
  readonly #blueprint: Blueprint;
  readonly #names: ManagedNames | undefined;
  readonly #connections: ConnectionHolder;
  readonly #proxies = new Map<number, ProxyServer>();
  #lastProxy = 0;
  readonly handlers: Handlers;

  static async start(blueprint: Blueprint, onStop: () => void): Promise<Supervisor> {
    const names = blueprint.settings.managed ? await ManagedNames.start(blueprint) : undefined;
    return new Supervisor(blueprint, names, onStop);
  }

  private constructor(blueprint: Blueprint, names: ManagedNames | undefined, onStop: () => void) {
    this.#blueprint = blueprint;
    this.#names = names;
    this.#connections = new ConnectionHolder(blueprint);
    this.handlers = {
      ping: () => ({ pid: process.pid }),
      stop: onStop,
      dnsSays: (which) => this.#managed().says(which),
      dnsPin: (which, hostName) => this.#managed().pin(which, hostName),
      dnsRelease: (which) => this.#managed().release(which),
      dnsHold: (held) => this.#managed().hold(held),
      dnsFail: (mode) => this.#managed().fail(mode),
      proxyCreate: (target) => this.#createProxy(target),
      proxySet: (proxy, behaviour) => this.#proxy(proxy).set(behaviour),
      proxyReset: (proxy) => this.#proxy(proxy).reset(),
      proxyCutAfter: (proxy, pattern, options) =>
        this.#proxy(proxy).cutAfter(Buffer.from(pattern, 'base64'), options),
      proxyStats: (proxy) => this.#proxy(proxy).stats(),
      proxyClose: async (proxy) => {
        await this.#proxy(proxy).close();
        this.#proxies.delete(proxy);
      },
      connectionsHold: (hostName) => this.#connections.hold(this.#host(hostName)),
      connectionsRelease: () => this.#connections.release(),
    };
  }

  async stop(): Promise<void> {
    await this.#connections.release();
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
    await this.#names?.stop();
  }

  async #createProxy(target: Endpoint): Promise<{ proxy: number; endpoint: Endpoint }> {
    if (this.#proxies.size >= MAX_PROXIES) throw new LabError(`${MAX_PROXIES} proxies are open: close one`);
    const host = this.#blueprint.root.data.client;
    const server = await createProxyServer({ target, host, seed: ++this.#lastProxy });
    this.#proxies.set(this.#lastProxy, server);
    return { proxy: this.#lastProxy, endpoint: server.endpoint };
  }

  #proxy(id: number): ProxyServer {
    const found = this.#proxies.get(id);
    if (found) return found;
    throw new LabError(`proxy ${id} is closed`);
  }

  #managed(): ManagedNames {
    if (this.#names) return this.#names;
    throw new LabError('managed is false in this lab: it has no DNS server');
  }

  #host(name: string): Blueprint['hosts'][number] {
    const found = this.#blueprint.hosts.find((each) => each.name === name);
    if (found) return found;
    throw new LabError(`host '${name}': allowed are h1, h2, h3`);
  }
}
