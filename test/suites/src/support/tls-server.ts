import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket, type SecureVersion } from 'node:tls';
import type { TestCertificate } from './test-certificate.ts';

export interface TlsServer {
  readonly port: number;
  /** the versions that were agreed on, one for each handshake that was finished */
  readonly spoken: (string | null)[];
  close(): Promise<void>;
}

/** A server that speaks no TLS newer than `newest`, and nothing after the handshake. */
export async function startTlsServer(
  { cert, key }: TestCertificate,
  newest: SecureVersion,
  protocol: 'postgres' | 'redis',
): Promise<TlsServer> {
  const spoken: (string | null)[] = [];
  const sockets = new Set<Socket>();
  const secure = (socket: Socket): void => {
    const options = { isServer: true, cert, key, minVersion: 'TLSv1', maxVersion: newest } as const;
    const link = new TLSSocket(socket, { ...options, ciphers: 'DEFAULT:@SECLEVEL=0' });
    link.on('secure', () => spoken.push(link.getProtocol()));
    link.on('error', () => undefined);
    link.resume();
  };
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (protocol === 'redis') return secure(socket);
    // PostgreSQL's SSLRequest, which is answered with a letter before the handshake begins.
    socket.once('data', () => {
      socket.write('S');
      secure(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    spoken,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
