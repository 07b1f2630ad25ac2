import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpSender, resultOf } from './http-sender.ts';

const CALL = { kind: 'counter', key: 'k', method: 'POST', path: '/x' } as const;
const servers: Server[] = [];

async function serve(handler: Parameters<typeof createServer>[1]): Promise<URL> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('an answer', () => {
  it.each([
    [201, { id: 1, job: 'queued' }, { ok: true, job: 'queued' }],
    [201, { id: 1, job: 'notSent' }, { ok: true, job: 'notSent' }],
    [201, { id: 1, job: 'something else' }, { ok: true, job: 'unknown' }],
    [200, { value: 3 }, { ok: true }],
    [
      503,
      { code: 'HA_NO_PRIMARY', outcome: 'notSent' },
      { ok: false, outcome: 'notSent', code: 'HA_NO_PRIMARY' },
    ],
    [500, { code: '40001', outcome: 'rejected' }, { ok: false, outcome: 'rejected', code: '40001' }],
    [500, {}, { ok: false, outcome: 'unknown', code: 'HTTP_500' }],
    [400, { code: 'FST_ERR_VALIDATION' }, { ok: false, outcome: 'rejected', code: 'FST_ERR_VALIDATION' }],
  ])('of %i %j becomes %j', (status, body, result) => {
    expect(resultOf({ status, body })).toEqual(result);
  });
});

describe('a request', () => {
  it('was not sent where nobody listens', async () => {
    const origin = await serve(() => undefined);
    const closed = servers.splice(0)[0];
    await new Promise((resolve) => closed?.close(resolve));
    const sender = new HttpSender(origin);
    expect(await sender.send(CALL)).toEqual({ ok: false, outcome: 'notSent', code: 'ECONNREFUSED' });
    sender.close();
  });

  it('is unknown where the app dies before it answers', async () => {
    const sender = new HttpSender(await serve((request) => request.socket.destroy()));
    expect(await sender.send(CALL)).toMatchObject({ ok: false, outcome: 'unknown' });
    sender.close();
  });

  it('is unknown where the answer is cut short', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(201, { 'content-length': 100 });
      response.write('{"job":', () => response.destroy());
    });
    const sender = new HttpSender(origin);
    expect(await sender.send(CALL)).toMatchObject({ ok: false, outcome: 'unknown' });
    sender.close();
  });
});
