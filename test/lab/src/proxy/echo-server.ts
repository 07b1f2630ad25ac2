import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { monotonicMs } from '../monotonic.ts';

/** A server for tests that writes back what it reads, and keeps what it read. */
export interface EchoServer {
  target: { host: string; port: number };
  sockets: Socket[];
  received(): string;
  close(): Promise<void>;
}

export async function startEchoServer(greeting = ''): Promise<EchoServer> {
  const sockets: Socket[] = [];
  let received = '';
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(greeting);
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      socket.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    sockets,
    received: () => received,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A client for tests: what it read so far, and how its connection ended. */
export class TestClient {
  readonly socket: Socket;
  text = '';
  /** The error's code, 'FIN', or undefined while the connection lives. */
  ended: string | undefined;

  constructor(endpoint: { host: string; port: number }) {
    this.socket = createConnection({ ...endpoint, allowHalfOpen: false });
    this.socket.setNoDelay(true);
    this.socket.on('data', (bytes) => (this.text += bytes.toString('latin1')));
    this.socket.on('end', () => (this.ended ??= 'FIN'));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.ended = error.code ?? error.message));
  }

  /** Waits until so much text has come, or the connection has ended; resolves with the time it took, in ms. */
  async until(condition: (client: TestClient) => boolean, timeoutMs = 3_000): Promise<number> {
    const from = monotonicMs();
    while (!condition(this)) {
      if (monotonicMs() - from > timeoutMs) {
        throw new Error(
          `waited ${timeoutMs} ms; read ${this.text.length} bytes, ended: ${this.ended ?? 'no'}`,
        );
      }
      await pause(1);
    }
    return monotonicMs() - from;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
