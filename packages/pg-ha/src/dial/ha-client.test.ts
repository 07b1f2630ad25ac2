import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
