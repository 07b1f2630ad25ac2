import { once } from 'node:events';
import http from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { HaPool } from '@steadfast/pg-ha';
import { afterEach, describe, expect, it } from 'vitest';
import { listeningLogger } from '../support/leaks.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, 'close');
  }
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server that somebody would like to lead us to, and who came. */
async function trap(): Promise<{ port: number; visitors: () => number }> {
  let visitors = 0;
  const port = await listening(
    createServer((socket: Socket) => {
      visitors += 1;
      socket.on('error', () => undefined).destroy();
    }),
  );
  return { port, visitors: () => visitors };
}

/** A REST API that has been taken over: it names the trap as leader, and as where to ask next. */
async function patroni(port: number): Promise<number> {
  const member = { name: 'x', host: '127.0.0.1', port, role: 'leader', api_url: `http://127.0.0.2:${port}` };
  const body = JSON.stringify({ members: [member] });
  return listening(
    http.createServer((_request, response) => response.setHeader('connection', 'close').end(body)),
  );
}

async function failure(allowed: string): Promise<{ error: unknown; visitors: number; log: string }> {
  const { port, visitors } = await trap();
  const { logger, lines } = listeningLogger();
  const pool = new HaPool({
    env: {
      PG_HA_STRATEGY: 'patroni',
      PG_HA_PATRONI_URLS: `http://localhost:${await patroni(port)}`,
      PG_HA_ALLOWED_HOSTS: allowed,
      DATABASE_URL: 'postgres://app:secret@ignored/x',
    },
    failoverWaitMs: 500,
    logger,
  });
  const error: unknown = await pool.query('SELECT 1').catch((thrown: unknown) => thrown);
  await pool.end();
  return { error, visitors: visitors(), log: lines() };
}

describe('a Patroni that names a host outside of allowedHosts', () => {
  it('leads nobody there, and it is said once', async () => {
    const { error, visitors, log } = await failure('10.0.0.0/8,.db.example.org');
    expect(visitors).toBe(0);
    expect(error).toMatchObject({
      code: 'HA_NO_PRIMARY',
      message: expect.stringContaining('names no host that allowedHosts (PG_HA_ALLOWED_HOSTS) allows'),
    });
    expect(log.split('it is never dialled').length - 1).toBe(1);
  });

  it('would lead there, were it allowed', async () => {
    const { error, visitors, log } = await failure('127.0.0.0/8');
    expect(visitors).toBeGreaterThan(0);
    expect(error).toMatchObject({ code: 'HA_NO_PRIMARY' });
    expect(log).not.toContain('it is never dialled');
  });
});
