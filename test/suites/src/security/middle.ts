import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { TestCertificate } from '../support/test-certificate.ts';

/** How whoever stands in the middle meets a client. */
export type Manner =
  /** PostgreSQL's SSLRequest is answered with S, and TLS begins */
  | 'postgres'
  /** … with N, as a server without TLS does: whoever goes on after that does so in the clear */
  | 'postgres-plain'
  /** … with S and, in the same packet, what a server says to who is logged in: read as if it had come through TLS? */
  | 'postgres-stuffed'
  /** TLS from the first byte: Redis, sentinels, Patroni */
  | 'tls'
  /** no TLS at all */
  | 'plain';

/** Somebody who takes connections that are meant for another, and writes down what can be read of them. */
export interface Middle {
  readonly port: number;
  /** connections that came */
  readonly visitors: number;
  /** all that was said to it after TLS, or without; not the request for TLS, nor its first message */
  readonly overheard: string;
  close(): Promise<void>;
}

const SSL_REQUEST_BYTES = 8;
/** TLS begins with a record of type handshake. */
const CLIENT_HELLO = 22;
/** AuthenticationOk, ReadyForQuery. */
const LOGGED_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

export async function standInTheMiddle(manner: Manner, { cert, key }: TestCertificate): Promise<Middle> {
  const sockets = new Set<Socket>();
  const heard: string[] = [];
  let visitors = 0;
  const note = (chunk: Buffer): void => void heard.push(chunk.toString('latin1'));
  const secure = (socket: Socket): void => {
    const link = new TLSSocket(socket, { isServer: true, cert, key });
    link.on('data', note);
    link.on('error', () => undefined);
  };
  const meet = (socket: Socket): void => {
    if (manner === 'tls') return secure(socket);
    if (manner === 'plain')
      return void socket.on('data', (chunk) => (chunk[0] === CLIENT_HELLO ? socket.end() : note(chunk)));
    socket.once('data', (chunk: Buffer) => {
      note(chunk.subarray(SSL_REQUEST_BYTES));
      if (manner !== 'postgres-plain') socket.pause();
      socket.write(manner === 'postgres-plain' ? 'N' : 'S');
      if (manner === 'postgres-stuffed') socket.write(LOGGED_IN);
      if (manner !== 'postgres-plain') secure(socket);
      else socket.on('data', note);
    });
  };
  const server = createServer((socket) => {
    visitors += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    meet(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get visitors() {
      return visitors;
    },
    get overheard() {
      return heard.join('');
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
