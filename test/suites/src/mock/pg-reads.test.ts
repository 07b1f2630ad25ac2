import { describe, expect, it } from 'vitest';
import { withScriptedPostgres } from './with-scripted-postgres.ts';

const { member, pool: poolOf } = withScriptedPostgres();

/** Our question for the role of a server that was dialled. */
const IDENTITY = /AS system_id$/;

describe('a read that goes to the primary, whose route leads to a standby for a moment', () => {
  it('is not answered there, where nobody knows how far it is', async () => {
    const server = await member();
    const pool = poolOf([server], { strategy: 'haproxy' });
    await pool.query('SELECT 1');
    const dialled = server.script({ on: IDENTITY, does: ['answer'] });
    const become = (standby: boolean) => ({ run: () => void (server.says.standby = standby) });
    const astray = server.script({ on: IDENTITY, does: [become(true), 'answer', become(false)], times: 1 });
    await pool.reader.query('SELECT 2');
    expect([astray.met, dialled.met > 0]).toEqual([1, true]);
  });
});

describe('the one server of `single`, which is a standby', () => {
  it.each(['standby', 'read-only', 'prefer-standby', 'any'] as const)(
    'serves %s at once',
    async (targetSessionAttrs) => {
      const server = await member({ standby: true });
      const { host, port } = server;
      const one = { strategy: 'single', host, port, failoverWaitMs: 1_000 } as const;
      const pool = poolOf([server], { ...one, targetSessionAttrs });
      await pool.query('SELECT 1');
      expect(pool.health().members).toMatchObject([{ state: 'answering', role: 'replica' }]);
    },
  );

  it('does not keep a bound on age that nobody can judge', async () => {
    const server = await member({ standby: true });
    const { host, port } = server;
    const one = { strategy: 'single', host, port, failoverWaitMs: 300 } as const;
    const pool = poolOf([server], { ...one, targetSessionAttrs: 'standby', maxLagMs: 60_000 });
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({
      code: 'HA_NO_REPLICA',
      message: expect.stringContaining('an unknown time behind') as unknown,
    });
  });
});

describe('reads that were answered elsewhere while a standby’s connections were held', () => {
  it('leave its queue, thousands of them, and its connection serves on', async () => {
    const [primary, standby] = [await member(), await member({ standby: true })];
    const { reader } = poolOf([primary, standby], { max: 1 });
    await reader.query('SELECT 1');
    const held = await reader.connect();
    await Promise.all(Array.from({ length: 5_000 }, () => reader.query('SELECT 1')));
    expect(reader.waitingCount).toBe(0);
    held.release();
    await reader.query('SELECT 1');
    await expect.poll(() => reader.idleCount).toBe(2);
  });
});
