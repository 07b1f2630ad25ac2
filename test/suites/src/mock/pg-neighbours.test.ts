import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pgMessages, type ScriptedPostgres } from '@steadfast/mock';
import { afterEach, describe, expect, it } from 'vitest';
import { withScriptedPostgres } from './with-scripted-postgres.ts';

const { member, pool: poolOf } = withScriptedPostgres();
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** In front of a server: refuses logins that set `wrong`, as a server does with a parameter that it does not know. */
async function refusing(server: ScriptedPostgres, wrong: string): Promise<ScriptedPostgres> {
  const refusal = { severity: 'FATAL', sqlstate: '42704', message: 'unrecognized configuration parameter' };
  const front = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (startup) => {
      if (startup.includes(wrong)) return void socket.end(pgMessages.errorResponse(refusal));
      const behind = connect(server.port, server.host);
      behind.on('error', () => socket.destroy());
      behind.write(startup);
      socket.pipe(behind).pipe(socket);
    });
  }).listen(0, server.host);
  await once(front, 'listening');
  ends.push(() => front.close());
  return { host: server.host, port: (front.address() as AddressInfo).port } as ScriptedPostgres;
}

describe('pools that watch their cluster together', () => {
  it('find the primary where one of them cannot log in: what its sessions are to have is unknown to the server', async () => {
    const front = await refusing(await member(), 'no_such_thing');
    poolOf([front], { options: '-c no_such_thing=1' });
    const pool = poolOf([front], { failoverWaitMs: 3_000 });
    expect((await pool.query('SELECT 1')).rows).toEqual([{ x: '1' }]);
  });

  it('stop when the last has ended, also where another one could never be made', async () => {
    const server = await member();
    const settings = { pipelineDepth: 4, refreshMs: 100 };
    expect(() => poolOf([server], { ...settings, query_timeout: 100 })).toThrow('query_timeout');
    expect(() => poolOf([server], { ...settings, metrics: 'no meter' as never })).toThrow('metrics');
    const pool = poolOf([server], settings);
    await pool.query('SELECT 1');
    await pool.end();
    const { taken } = server;
    await sleep(500);
    expect(server.taken).toBe(taken);
  });
});
