import { supervisorCall } from './supervisor/client.ts';
import type { Endpoint } from './supervisor/messages.ts';
import type { LinkBehaviour, LinkProxy, LinkStats } from './types.ts';

/** A handle on a proxy that the lab's supervisor hosts. */
export class LabLinkProxy implements LinkProxy {
  readonly endpoint: Endpoint;
  /** Its number in the supervisor. */
  readonly proxy: number;
  readonly #dir: string;

  static async create(dir: string, target: Endpoint): Promise<LabLinkProxy> {
    const { proxy, endpoint } = await supervisorCall(dir, 'proxyCreate', target);
    return new LabLinkProxy(dir, proxy, endpoint);
  }

  constructor(dir: string, proxy: number, endpoint: Endpoint) {
    this.#dir = dir;
    this.proxy = proxy;
    this.endpoint = endpoint;
  }

  set(behaviour: LinkBehaviour): Promise<void> {
    return supervisorCall(this.#dir, 'proxySet', this.proxy, behaviour);
  }

  reset(): Promise<void> {
    return supervisorCall(this.#dir, 'proxyReset', this.proxy);
  }

  cutAfter(pattern: string | Buffer, options: { dropAnswer?: boolean; count?: number } = {}): Promise<void> {
    const encoded = Buffer.from(pattern).toString('base64');
    return supervisorCall(this.#dir, 'proxyCutAfter', this.proxy, encoded, options);
  }

  stats(): Promise<LinkStats> {
    return supervisorCall(this.#dir, 'proxyStats', this.proxy);
  }

  close(): Promise<void> {
    return supervisorCall(this.#dir, 'proxyClose', this.proxy);
  }
}
