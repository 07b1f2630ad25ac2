import { systemClock } from '@steadfast/shared';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SideLine } from './side-line.ts';

let server: Server;
let sockets: Set<Socket>;
let questions: Socket[];
let side: SideLine;
let port: number;

beforeEach(async () => {
  [sockets, questions] = [new Set(), []];
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', () => questions.push(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  const credentials = { username: undefined, password: undefined, setting: 'REDIS_URL' };
  const common = { clock: systemClock, credentials, tls: undefined, family: 4, lookup: undefined };
  side = new SideLine({ ...common, timeoutMs: 5_000 });
});
afterEach(async () => {
  side.close();
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

it('a question to whoever has a name does not end one that is under way to a certain server', async () => {
  const named = side.ask({ host: 'cache.example.test', port }, [['CLIENT', 'UNBLOCK', '7']], '127.0.0.1');
  await expect.poll(() => questions.length).toBe(1);
  const other = side.ask({ host: '127.0.0.1', port }, [['INFO']]);
  await expect.poll(() => questions.length).toBe(2);
  for (const socket of questions) socket.write(':1\r\n');
  expect([await named, await other]).toEqual([[1], [1]]);
  side.close();
  await expect.poll(() => sockets.size).toBe(0);
});
