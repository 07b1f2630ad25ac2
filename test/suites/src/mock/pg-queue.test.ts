import type { ScriptedPostgres, Step } from '@steadfast/mock';
import type { HaPool } from '@steadfast/pg-ha';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { outcomeOfCall, withScriptedPostgres } from './with-scripted-postgres.ts';

const { member, pool: poolOf } = withScriptedPostgres();

/** A pool with its one connection idle. */
async function smallPool(): Promise<{ server: ScriptedPostgres; pool: HaPool }> {
  const server = await member();
  const limits = { failoverWaitMs: 500, silenceMs: 100, probeTimeoutMs: 100, refreshMs: 100 };
  const pool = poolOf([server], { max: 1, ...limits });
  await pool.query('SELECT 1');
  return { server, pool };
}

/** The connections of a pool, as pg-pool has them. */
function poolClients(pool: HaPool): { connection: { stream: Socket } }[] {
  return (pool as unknown as { _clients: { connection: { stream: Socket } }[] })._clients;
}

/** The outcomes of `count` statements that are given to the pool now. */
function outcomes(pool: HaPool, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => outcomeOfCall(pool.query('SELECT 1'))));
}

describe('calls that wait for a connection which somebody holds, while the primary is gone', () => {
  it('leave the queue at their deadline, thousands of them, and the connection serves whoever comes next', async () => {
    const { server, pool } = await smallPool();
    const held = await pool.connect();
    const ended = outcomes(pool, 5_000);
    server.script({ on: 'connect', does: ['hang'] });
    expect(new Set(await ended)).toEqual(new Set(['notSent']));
    expect(pool.waitingCount).toBe(0);
    server.unscript();
    await expect.poll(() => pool.health().state, { timeout: 5_000 }).toBe('steady');
    held.release();
    await pool.query({ text: 'SELECT 1', deadlineMs: 3_000 });
  });

  it('end at their deadline also where they came in the same turn as whoever got it', async () => {
    const { server, pool } = await smallPool();
    const lease = pool.connect();
    const ended = outcomes(pool, 3);
    const held = await lease;
    server.script({ on: 'connect', does: ['hang'] });
    await expect.poll(() => pool.health().state, { timeout: 5_000 }).toBe('searching');
    setTimeout(() => held.release(), 2_000);
    expect(new Set(await ended)).toEqual(new Set(['notSent']));
  });
});

describe('calls that wait for a connection of a full pool when all of them end', () => {
  it('are served by those that stand, though every other dial that pg-pool makes for them hangs', async () => {
    const server = await member();
    const pool = poolOf([server], { max: 8, refreshMs: 60_000, dialTimeoutMs: 20_000 });
    await pool.query('SELECT 1');
    server.script({ on: 'SELECT 7', does: ['hang'] });
    const busy = Array.from({ length: 8 }, () => outcomeOfCall(pool.query('SELECT 7')));
    await expect.poll(() => server.sessions.length).toBeGreaterThanOrEqual(8);
    const queued = outcomes(pool, 16);
    expect(pool.waitingCount).toBe(16);
    let logins = 0;
    const everyOther: Step = {
      get wait() {
        return (logins += 1) % 2 === 0 ? new Promise(() => undefined) : Promise.resolve();
      },
    };
    server.script({ on: 'startup', does: [everyOther, 'answer'] });
    for (const { connection } of poolClients(pool)) connection.stream.destroy();
    const since = performance.now();
    expect(new Set(await queued)).toEqual(new Set(['ok']));
    expect(performance.now() - since).toBeLessThan(5_000);
    expect(logins).toBeGreaterThan(2);
    expect(new Set(await Promise.all(busy))).toEqual(new Set(['unknown']));
  });
});

describe('a primary that takes connections and says nothing, as where a thousand others stand before us', () => {
  it('is waited for, and asked again only after 1 s, 2 s, 4 s', async () => {
    const [server, standby] = [await member(), await member({ standby: true })];
    const pool = poolOf([server, standby]);
    await pool.query('SELECT 1');
    const door = Promise.withResolvers<void>();
    const logins = server.script({ on: 'startup', does: [{ wait: door.promise }, 'answer'] });
    server.cut();
    const call = outcomeOfCall(pool.query({ text: 'SELECT 1', idempotent: true }));
    await sleep(3_000);
    expect(logins.met).toBeGreaterThan(0);
    expect(logins.met).toBeLessThan(6);
    door.resolve();
    expect(await call).toBe('ok');
  });
});
