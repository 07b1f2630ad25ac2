import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface MutingProxy {
  readonly host: string;
  readonly port: number;
  /** Connections that are open now fall silent, with no sign of it; new ones work. */
  mute(): void;
  stop(): Promise<void>;
}

/** A path that forgets its connections, as a NAT gateway does. */
export async function startMutingProxy(target: { host: string; port: number }): Promise<MutingProxy> {
  const open = new Set<{ client: Socket; upstream: Socket; mute: boolean }>();
  const server = createServer((client) => {
    const pair = { client, upstream: connect(target), mute: false };
    open.add(pair);
    client.on('data', (bytes) => pair.mute || pair.upstream.write(bytes));
    pair.upstream.on('data', (bytes) => pair.mute || client.write(bytes));
    client.on('error', () => undefined);
    pair.upstream.on('error', () => undefined);
    client.on('close', () => pair.upstream.destroy());
    pair.upstream.on('close', () => pair.mute || client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port was given');
  return {
    host: '127.0.0.1',
    port: address.port,
    mute() {
      for (const pair of open) pair.mute = true;
    },
    async stop() {
      server.close();
      for (const { client, upstream } of open) {
        client.destroy();
        upstream.destroy();
      }
      await once(server, 'close');
    },
  };
}
