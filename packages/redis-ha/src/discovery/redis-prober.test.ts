import { systemClock } from '@steadfast/shared';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RedisProber } from './redis-prober.ts';

const ANSWER = '*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n+PONG\r\n';

let server: Server;
let sockets: Set<Socket>;
/** answers that are kept back until somebody wants them */
let held: (() => void)[];
let hold: boolean;
let prober: RedisProber;
let endpoint: { host: string; port: number };

beforeEach(async () => {
  [sockets, held, hold] = [new Set(), [], false];
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const answer = (): void => void socket.write(ANSWER);
    socket.on('data', () => (hold ? held.push(answer) : answer()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const credentials = { username: undefined, password: undefined, setting: 'REDIS_URL' };
  prober = new RedisProber({
    clock: systemClock,
    credentials,
    tls: undefined,
    family: 4,
    roleOptional: true,
  });
});
afterEach(async () => {
  prober.close();
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

describe('questions to one member', () => {
  it('keep one connection, however many are put side by side, and none when it is closed', async () => {
    hold = true;
    const asked = [
      prober.probe(endpoint, 5_000),
      prober.probe(endpoint, 5_000, 4_000),
      prober.probe(endpoint, 5_000),
    ];
    await expect.poll(() => held.length).toBe(3);
    for (const answer of held) answer();
    expect(await Promise.all(asked)).toEqual(asked.map(() => expect.objectContaining({ role: 'primary' })));
    await expect.poll(() => sockets.size).toBe(1);
    prober.close();
    await expect.poll(() => sockets.size).toBe(0);
  });

  it('are each as patient as they are asked to be: one that stands beside another ends neither it nor its link', async () => {
    hold = true;
    const first = prober.probe(endpoint, 5_000);
    await expect.poll(() => held.length).toBe(1);
    expect(await prober.probe(endpoint, 5_000, 50)).toMatchObject({ kind: 'unreachable' });
    held[0]?.();
    expect(await first).toMatchObject({ kind: 'self', role: 'primary' });
    await expect.poll(() => sockets.size).toBe(1);
  });
});
