import { describe, expect, it } from 'vitest';
import { withScriptedPostgres } from './with-scripted-postgres.ts';

const { member, pool: poolOf } = withScriptedPostgres();

describe('maxUses, where statements share connections', () => {
  it('counts each statement: as many connections serve a load as without sharing', async () => {
    const pool = poolOf([await member()], { max: 1, maxUses: 3, pipelineDepth: 4 });
    let removed = 0;
    pool.on('remove', () => (removed += 1));
    for (let round = 0; round < 5; round++)
      await Promise.all(Array.from({ length: 30 }, () => pool.query('SELECT 1')));
    await expect.poll(() => removed).toBe(50);
  });

  it('ends a connection when all that share it have been answered, and sends no more than that on it', async () => {
    const server = await member();
    const pool = poolOf([server], { max: 1, maxUses: 3, pipelineDepth: 16 });
    const done = Promise.withResolvers<void>();
    const slow = server.script({ on: 'SELECT 7', does: [{ wait: done.promise }, 'answer'] });
    const calls = Array.from({ length: 5 }, () => pool.query('SELECT 7'));
    await expect.poll(() => slow.met).toBeGreaterThan(0);
    expect([pool.totalCount, pool.waitingCount]).toEqual([1, 2]);
    done.resolve();
    expect((await Promise.all(calls)).map(({ rowCount }) => rowCount)).toEqual([1, 1, 1, 1, 1]);
  });

  it('counts what a connection was used for before and after it was shared', async () => {
    const pool = poolOf([await member()], { max: 1, maxUses: 4, pipelineDepth: 4 });
    let removed = 0;
    pool.on('remove', () => (removed += 1));
    const alone = async (): Promise<void> => {
      const client = await pool.connect();
      await client.query('SELECT 1');
      client.release();
    };
    await alone();
    await Promise.all([pool.query('SELECT 1'), pool.query('SELECT 2')]);
    expect(removed).toBe(0);
    await alone();
    await expect.poll(() => removed).toBe(1);
  });
});
