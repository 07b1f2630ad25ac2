import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type ListenOptions, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cutTcp } from './cut-tcp.ts';

/** How a connection ends for its server when `end` has been called for it. */
async function endedBy(listen: ListenOptions, end: (socket: Socket) => void): Promise<string> {
  const server = createServer();
  server.listen(listen);
  await once(server, 'listening');
  const socket = connect(listen.path ? { path: listen.path } : (server.address() as { port: number }));
  const [[taken]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [
    [Socket],
    unknown,
  ];
  const ended = new Promise<string>((resolve) => {
    taken.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    taken.on('end', () => resolve('end'));
    taken.resume();
  });
  end(socket);
  expect(socket.destroyed).toBe(true);
  const says = await ended;
  taken.destroy();
  server.close();
  return says;
}

describe('cutTcp', () => {
  it('resets, where destroy() has the kernel deliver what it holds first', async () => {
    const local = { host: '127.0.0.1', port: 0 };
    expect(await endedBy(local, (socket) => socket.destroy())).toBe('end');
    expect(await endedBy(local, (socket) => cutTcp(socket))).toBe('ECONNRESET');
  });

  it('destroys what is no TCP socket, and what is not connected', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'steadfast-'));
    expect(await endedBy({ path: join(folder, 's') }, (socket) => cutTcp(socket))).toBe('end');
    await rm(folder, { recursive: true });
    const dialling = connect({ host: '127.0.0.1', port: 1 }).on('error', () => undefined);
    cutTcp(dialling);
    expect(dialling.destroyed).toBe(true);
  });
});
