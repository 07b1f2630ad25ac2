import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  PASSWORD,
  removeFolder,
  serverFolder,
  startPostgres,
  type TestServer,
} from '../observers/test-servers.ts';
import { createProxyServer, type ProxyServer } from './proxy-server.ts';

let folder: string;
let server: TestServer;
let proxy: ProxyServer;
let direct: Client;

beforeAll(async () => {
  folder = await serverFolder('commit');
  server = await startPostgres(folder, 'm1');
  direct = await connected(server);
  await direct.query('CREATE TABLE paid (id int PRIMARY KEY)');
});
afterAll(async () => {
  await direct?.end();
  await server?.stop();
  await removeFolder(folder);
});
beforeEach(async () => {
  proxy = await createProxyServer({ target: server });
});
afterEach(() => proxy.close());

async function connected({ host, port }: { host: string; port: number }): Promise<Client> {
  const client = new Client({ host, port, user: 'postgres', password: PASSWORD, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Pays in a transaction over the link; resolves with what COMMIT said, or how it failed. */
async function pay(id: number): Promise<string> {
  const client = await connected(proxy.endpoint);
  await client.query('BEGIN');
  await client.query('INSERT INTO paid VALUES ($1)', [id]);
  const outcome = await client.query('COMMIT').then(
    (result) => result.command,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  if (outcome === 'COMMIT') await client.end();
  return outcome;
}

async function isPaid(id: number): Promise<boolean> {
  return (await direct.query('SELECT FROM paid WHERE id = $1', [id])).rowCount === 1;
}

describe('a link to PostgreSQL that is cut at COMMIT', () => {
  it('loses the answer of a transaction that is committed, every time', async () => {
    for (let id = 1; id <= 20; id++) {
      await proxy.cutAfter('COMMIT');
      expect([await pay(id), await isPaid(id)]).toEqual(['ECONNRESET', true]);
    }
    expect((await proxy.stats()).cuts).toBe(20);
  });

  it('looks the same to the client when the COMMIT was kept back, but nothing is committed', async () => {
    await proxy.cutAfter('COMMIT', { forward: false });
    expect([await pay(100), await isPaid(100)]).toEqual(['ECONNRESET', false]);
  });

  it('still lets the COMMIT arrive when it does not wait for the answer', async () => {
    await proxy.cutAfter('COMMIT', { dropAnswer: false });
    expect(await pay(101)).toBe('ECONNRESET');
    await expect.poll(() => isPaid(101), { timeout: 2_000 }).toBe(true);
  });

  it('carries the next transaction as if nothing had been', async () => {
    expect([await pay(102), await isPaid(102)]).toEqual(['COMMIT', true]);
  });
});
