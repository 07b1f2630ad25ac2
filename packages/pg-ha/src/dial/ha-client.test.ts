import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HaError } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import type { DialContext } from './dial-context.ts';
import { HaClient } from './ha-client.ts';

describe('a question to a server that is knocked for', () => {
  let server: Server;
  beforeEach(async () => {
    server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => server.close());

  /** Its time is over, or it is closed, before the kernel has said that anybody is there. */
  const rows: { ends: string; by: (client: HaClient, clock: ManualClock) => unknown; message: string }[] = [
    {
      ends: 'by its bounds',
      by: (_client, clock) => clock.advance(50),
      message: 'no answer within 50 ms',
    },
    {
      ends: 'by whoever closes its client',
      by: (client) => client.interrupt(new Error('closed') as never),
      message: 'the dial was given up',
    },
  ];
  it.each(rows)('ends $ends before pg listens to its socket, and nothing is thrown aside', async (row) => {
    const clock = new ManualClock();
    const client = new HaClient({}, { clock } as unknown as DialContext);
    const { port } = server.address() as AddressInfo;
    const asked = client.scout({ host: '127.0.0.1', port }, { timeoutMs: 50, patienceMs: 50 }, true);
    const refused = expect(asked).rejects.toThrow(row.message);
    void row.by(client, clock);
    await refused;
    // What is thrown aside comes a turn later.
    await new Promise((resolve) => setImmediate(resolve));
    expect([client.endpoint, clock.pending]).toEqual([undefined, 0]);
  });
});

describe('a dial that fails', () => {
  const rows: { how: string; end: (client: HaClient, socket: Socket) => unknown; suspects: number }[] = [
    { how: 'is a sign where the server ends it', end: (_client, socket) => socket.destroy(), suspects: 1 },
    {
      how: 'is none where another server has become the primary',
      end: (client) =>
        client.interrupt(new HaError('HA_INTERRUPTED', 'b is the primary now', { outcome: 'unknown' })),
      suspects: 0,
    },
  ];
  it.each(rows)('$how', async ({ end, suspects }) => {
    const signs: string[] = [];
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const context = {
      clock: new ManualClock(),
      dialTimeoutMs: 1_000,
      gone: () => undefined,
      who: { user: 'app', database: 'app', trust: '' },
      monitor: { topology: { generation: 1 } },
      pacer: { run: (_generation: unknown, dial: () => Promise<void>) => dial() },
      target: {
        choose: () => ({ host: '127.0.0.1', port }),
        suspect: (_endpoint: unknown, why: string) => signs.push(why),
      },
    } as unknown as DialContext;
    const client = new HaClient({}, context);
    const reached = once(silent, 'connection') as Promise<[Socket]>;
    const dialled = client.connect();
    const failed = expect(dialled).rejects.toThrow(HaError);
    const [socket] = await reached;
    end(client, socket);
    await failed;
    expect(signs.length).toBe(suspects);
    silent.close();
  });
});
