import { once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Server } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { Sockets } from './sockets.ts';

const sockets = new Sockets();
sockets.install();

let server: Server;
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

async function listening(one: Server): Promise<number> {
  server = one.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('the connections of a worker', () => {
  it('are timed and counted', async () => {
    const port = await listening(createServer((socket) => socket.end('hello')));
    const before = { tcp: sockets.tcp.count, tls: sockets.tls.count, received: sockets.bytes.received };
    const socket = connectTcp(port, '127.0.0.1').resume();
    await once(socket, 'close');
    expect(sockets.tcp.count - before.tcp).toBe(1);
    expect(sockets.tls.count - before.tls).toBe(0);
    expect(sockets.bytes.received - before.received).toBe(5);
  });

  it('are not told of when they were dialled before', async () => {
    const port = await listening(createServer((socket) => socket.end()));
    await once(connectTcp(port, '127.0.0.1').resume(), 'close');
    sockets.forgetDials();
    expect(sockets.tcp.count).toBe(0);
    await once(connectTcp(port, '127.0.0.1').resume(), 'close');
    expect(sockets.tcp.count).toBe(1);
  });

  it.each([
    ['over a socket that stands, as pg and redis-ha have it', true],
    ['that dials by itself, as ioredis has it', false],
  ])('have their TLS handshakes timed too: one %s', async (_title, over) => {
    // Ciphers without a certificate, so that none has to be made.
    const anonymous = { ciphers: 'aNULL:@SECLEVEL=0', maxVersion: 'TLSv1.2', ecdhCurve: 'auto' } as const;
    const port = await listening(createTlsServer(anonymous, (socket) => socket.end('hello')));
    const before = { tcp: sockets.tcp.count, tls: sockets.tls.count };
    const options = { ...anonymous, rejectUnauthorized: false };
    const plain = over ? connectTcp(port, '127.0.0.1') : undefined;
    if (plain) await once(plain, 'connect');
    const secured = plain
      ? connectTls({ ...options, socket: plain })
      : connectTls({ ...options, port, host: '127.0.0.1' });
    await once(secured.resume(), 'close');
    expect(sockets.tls.count - before.tls).toBe(1);
    expect(sockets.tcp.count - before.tcp).toBe(1);
  });
});
