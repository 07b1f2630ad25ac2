import { once } from 'node:events';
import { connect, createServer, Socket, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Sockets } from './sockets.ts';

it('counts connections however they are made, and those that were closed or refused no longer as open', async () => {
  const original = Reflect.get(Socket.prototype, 'connect') as Socket['connect'];
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets = new Sockets();
  sockets.watch();
  try {
    const made = new Socket().connect(port, '127.0.0.1');
    const got = connect(port, '127.0.0.1');
    await Promise.all([once(made, 'connect'), once(got, 'connect')]);
    expect([sockets.dials, sockets.open]).toEqual([2, 2]);
    const closed = once(server, 'close');
    server.close();
    for (const each of [made, got]) {
      each.destroy();
      await once(each, 'close');
    }
    await closed;
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
    await expect.poll(() => [sockets.dials, sockets.open]).toEqual([3, 0]);
  } finally {
    Socket.prototype.connect = original;
  }
});
