import type { HaPool } from '@steadfast/pg-ha';
import express from 'express';
import Fastify from 'fastify';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';

const SLOW = 'SELECT pg_sleep(0.3)';

/** The order in which an app ends: no new requests, those under way are answered, then the pool. */
export function appsShutDown(connect: () => HaPool): void {
  it('a Fastify app that closes answers what is under way, then ends its pool', async () => {
    const pool = connect();
    const app = Fastify();
    app.addHook('onClose', () => pool.end());
    app.get('/', () => pool.query(SLOW).then(() => 'done'));
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    expect(await answered(pool, url, () => app.close())).toBe('done');
    expect(pool.ended).toBe(true);
  });

  it('and so does an Express app', async () => {
    const pool = connect();
    const app = express();
    app.get('/', (_request, response, next) => {
      pool.query(SLOW).then(() => response.send('done'), next);
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const shutDown = async (): Promise<void> => {
      const closed = once(server, 'close');
      server.close();
      await closed;
      await pool.end();
    };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await answered(pool, url, shutDown)).toBe('done');
    expect(pool.ended).toBe(true);
  });
}

/** What a request gets that was under way when the app began to end. */
async function answered(pool: HaPool, url: string, shutDown: () => Promise<unknown>): Promise<string> {
  const acquired = once(pool, 'acquire');
  const answer = fetch(url, { headers: { connection: 'close' } }).then((response) => response.text());
  await acquired;
  await shutDown();
  return answer;
}
