import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface MutingProxy {
  readonly host: string;
  readonly port: number;
  /** Connections that are open now fall silent, with no sign of it; new ones work. */
  mute(): void;
  /** On connections that are open now commands arrive, and answers do not. */
  muteAnswers(): void;
  /** Ends all connections; new ones work. */
  cut(): void;
  /** Ends all connections and takes no more. */
  stop(): Promise<void>;
  /** Takes connections again, after `stop`. */
  reopen(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  muted: 'nothing' | 'answers' | 'all';
}

/** A path that forgets its connections, as a NAT gateway does. */
export async function startMutingProxy(target: { host: string; port: number }): Promise<MutingProxy> {
  const open = new Set<Pair>();
  const server = createServer((client) => {
    const pair: Pair = { client, upstream: connect(target), muted: 'nothing' };
    const { upstream } = pair;
    open.add(pair);
    client.on('data', (bytes) => pair.muted === 'all' || upstream.write(bytes));
    upstream.on('data', (bytes) => pair.muted !== 'nothing' || client.write(bytes));
    client.on('error', () => undefined);
    upstream.on('error', () => undefined);
    client.on('close', () => {
      upstream.destroy();
      open.delete(pair);
    });
    upstream.on('close', () => pair.muted === 'all' || client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port was given');
  const { port } = address;
  const mute = (muted: Pair['muted']): void => {
    for (const pair of open) pair.muted = muted;
  };
  const cut = (): void => {
    for (const { client, upstream } of open) {
      client.destroy();
      upstream.destroy();
    }
  };
  return {
    host: '127.0.0.1',
    port,
    mute: () => mute('all'),
    muteAnswers: () => mute('answers'),
    cut,
    async stop() {
      if (!server.listening) return;
      server.close();
      cut();
      await once(server, 'close');
    },
    async reopen() {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    },
  };
}
