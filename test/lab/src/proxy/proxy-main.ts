/** The process that hosts proxies for startProxyProcess(): so that a busy client cannot delay the link it is on. */
import type { ProxyCall, ProxyCalls, ProxyReply, ProxyRequest } from './proxy-messages.ts';
import { createProxyServer, type ProxyServer } from './proxy-server.ts';

const proxies = new Map<number, ProxyServer>();
let lastNumber = 0;

type Handlers = {
  [Call in ProxyCall]: (...args: ProxyCalls[Call]['args']) => Promise<ProxyCalls[Call]['result']>;
};

const handlers: Handlers = {
  async create(options) {
    const server = await createProxyServer(options);
    const proxy = ++lastNumber;
    proxies.set(proxy, server);
    return { proxy, ...server.endpoint };
  },
  set: (proxy, change) => find(proxy).set(change),
  reset: (proxy) => find(proxy).reset(),
  cutAfter: (proxy, pattern, options) => find(proxy).cutAfter(pattern, options),
  clearCuts: (proxy) => find(proxy).clearCuts(),
  stats: (proxy) => find(proxy).stats(),
  async close(proxy) {
    await find(proxy).close();
    proxies.delete(proxy);
  },
};

function find(proxy: number): ProxyServer {
  const server = proxies.get(proxy);
  if (!server) throw new Error(`the proxy ${proxy} is closed`);
  return server;
}

async function answer({ id, call, args }: ProxyRequest): Promise<ProxyReply> {
  try {
    const handler = handlers[call] as (...values: unknown[]) => Promise<unknown>;
    return { id, result: await handler(...args) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

process.on('message', (request: ProxyRequest) => {
  void answer(request).then((reply) => process.send?.(reply));
});
// Whoever started this process is gone: nobody can use or close these proxies any more.
process.on('disconnect', () => process.exit(0));
