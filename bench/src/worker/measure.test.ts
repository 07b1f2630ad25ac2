import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Beat } from '../method/beat.ts';
import { Latencies } from '../method/latencies.ts';
import { Tally } from '../method/tally.ts';
import { measure, resultOf } from './measure.ts';
import type { Job } from './messages.ts';
import { Sockets } from './sockets.ts';

describe('what a stretch came to', () => {
  it('per second and per operation is of what ended within it, as CPU and bytes are', () => {
    const tally = new Tally(0, 500);
    tally.done('get', -10, 20); // begun in the warm-up
    tally.done('get', 100, 200);
    for (const meantAt of [200, 300, 400]) tally.done('get', meantAt, 4_000); // when the load was over
    const per = (operations: number): ReturnType<Parameters<typeof resultOf>[2]['per']> => ({
      cpuMicros: 600 / operations,
      connections: 1,
      bytes: { sent: 60 / operations, received: 120 / operations },
    });
    const result = resultOf(tally, 500, { per });
    expect(result).toMatchObject({ operations: 4, perSecond: 4, cpuMicros: 300 });
    expect(result.bytes).toEqual({ sent: 30, received: 60 });
    expect(Latencies.decode(result.byKind['get'] ?? '').count).toBe(4);
  });
});

/** Time that passes by one with each connection that a server has served, and ended. */
class Served implements Beat {
  #served = 0;
  readonly #waiting: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#served;
  }

  until(at: number): Promise<void> {
    return new Promise((wake) => {
      if (at <= this.#served) wake();
      else this.#waiting.push({ at, wake });
    });
  }

  one(): void {
    this.#served += 1;
    for (const { at, wake } of this.#waiting) if (at <= this.#served) wake();
  }
}

describe('a client of its own for each operation', () => {
  let server: Server;
  afterEach(async () => {
    server.close();
    await once(server, 'close');
  });

  /** As much of a Redis as ioredis and a PING need. */
  async function served(beat: Served): Promise<number> {
    const info = 'loading:0\r\n';
    server = createServer((socket) => {
      socket.on('data', (chunk: Buffer) => {
        for (const command of chunk.toString().split(/(?=\*\d+\r\n)/))
          socket.write(/info/i.test(command) ? `$${info.length}\r\n${info}\r\n` : '+PONG\r\n');
      });
      socket.on('error', () => undefined);
      socket.on('close', () => beat.one());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  it('tells how long it dialled in the measured time, not in the warm-up', async () => {
    const beat = new Served();
    const sockets = new Sockets();
    sockets.install();
    const job: Job = {
      client: 'ioredis',
      library: 'redis',
      env: { REDIS_URL: `redis://127.0.0.1:${await served(beat)}` },
      connections: 1,
      workload: 'connect',
      data: 'x:connect:',
      scale: 1,
      seed: 1,
      readOnly: false,
      loop: { kind: 'closed', callers: 1 },
      warmupMs: 20,
      measureMs: 5,
      drainMs: 1,
    };
    const { dials = '', tcp = '' } = await measure(job, beat, sockets);
    // Of 25, about 5: the next may have been dialled already when the server sees the end of one.
    for (const each of [dials, tcp]) expect(Latencies.decode(each).count).toBeLessThan(15);
    expect(Latencies.decode(dials).count).toBeGreaterThan(0);
  });
});
