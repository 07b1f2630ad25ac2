import { setTimeout as sleep } from 'node:timers/promises';
import { pgMessages } from '@steadfast/mock';
import { describe, expect, it } from 'vitest';
import { outcomeOfCall, withScriptedPostgres } from './with-scripted-postgres.ts';

const { member, pool } = withScriptedPostgres();
const QUICK = { failoverWaitMs: 1_500, silenceMs: 200, probeTimeoutMs: 300, refreshMs: 300 };
const IDENTITY = /pg_is_in_recovery/;

describe('a statement that takes its time', () => {
  it('is not ended by a server that answers nobody for a moment, however old it is', async () => {
    const server = await member();
    const one = pool([server], QUICK);
    await one.query('SELECT 1');
    const done = Promise.withResolvers<void>();
    server.script({ on: 'SELECT long', does: [{ wait: done.promise }, 'answer'] });
    server.script({ on: /pg_stat_activity/, does: ['hang'] });
    const call = outcomeOfCall(one.query('SELECT long'));
    await sleep(2 * QUICK.failoverWaitMs);
    const stall = server.script({ on: IDENTITY, does: ['hang'] });
    const lost = new Promise((resolve) => one.once('primaryLost', resolve));
    await lost;
    await sleep(400);
    stall.end();
    await expect.poll(() => one.health().state, { timeout: 5_000 }).toBe('steady');
    done.resolve();
    expect(await call).toBe('ok');
  });

  it('is ended when its server goes away while the pool is being ended, as it would be otherwise', async () => {
    const [first, second] = [await member(), await member({ standby: true })];
    const one = pool([first, second], QUICK);
    await one.query('SELECT 1');
    first.script({ on: /SELECT 2/, does: ['hang'] });
    const call = outcomeOfCall(one.query('SELECT 2'));
    await sleep(50);
    const ended = one.end();
    first.script({ on: 'startup', does: ['hang'] });
    first.script({ on: IDENTITY, does: ['hang'] });
    second.says.standby = false;
    second.says.timeline = 2;
    expect(await call).toBe('unknown');
    await ended;
    await expect(one.query('SELECT 1')).rejects.toThrow('after calling end on the pool');
  });
});

describe('a transaction whose session the server ends between two statements', () => {
  for (const how of ['terminateAll', 'cut'] as const)
    it(`is run again: nothing of it can have been committed (${how})`, async () => {
      const server = await member();
      const one = pool([server], QUICK);
      let runs = 0;
      const value = one.transaction(async (client) => {
        runs += 1;
        await client.query("INSERT INTO t VALUES ('1')");
        if (runs === 1) {
          server[how]();
          await sleep(30);
        }
        return 'done';
      });
      expect([await value, runs]).toEqual(['done', 2]);
    });
});

describe('a pool that listens', () => {
  it('goes on with another server where the one it was about to listen to falls silent', async () => {
    const [first, second] = [await member(), await member({ standby: true })];
    const one = pool([first, second], { ...QUICK, listenHeartbeatMs: 200 });
    const gaps: unknown[] = [];
    await one.listen('x', () => undefined, { onGap: (gap) => void gaps.push(gap) });
    const silent = first.script({ on: /LISTEN/, does: ['hang'] });
    first.cut();
    await expect.poll(() => silent.met).toBeGreaterThan(0);
    [first.says.standby, second.says.standby, second.says.timeline] = [true, false, 2];
    await expect.poll(() => gaps.length, { timeout: 10_000 }).toBe(1);
    const other = await one.listen('y', () => undefined);
    await other.close();
    await one.end();
    await expect.poll(() => first.open + second.open).toBe(0);
  });
});

describe('reads on a standby that takes no more logins', () => {
  it('go on there', async () => {
    const [first, second] = [await member(), await member({ standby: true })];
    const one = pool([first, second], { silenceMs: 200, readerRefreshMs: 100 });
    const served = second.script({ on: 'SELECT 1', does: ['answer'] });
    await expect.poll(() => one.reader.query('SELECT 1').then(() => served.met)).toBeGreaterThan(0);
    const done = Promise.withResolvers<void>();
    const long = { on: 'SELECT long', does: [{ wait: done.promise }, 'answer' as const] };
    const [atFirst, atSecond] = [first.script(long), second.script(long)];
    const call = outcomeOfCall(one.reader.query('SELECT long'));
    await expect.poll(() => atSecond.met).toBe(1);
    const full = pgMessages.errorResponse({
      severity: 'FATAL',
      sqlstate: '53300',
      message: 'too many clients',
    });
    second.script({ on: 'startup', does: [{ send: full }, 'close'] });
    expect(await outcomeOfCall(one.reader.query('SELECT 2'))).toBe('ok');
    await sleep(600);
    done.resolve();
    expect([await call, atFirst.met]).toEqual(['ok', 0]);
  });

  it('leave no connection behind where a look was under way when the pool was ended', async () => {
    const [first, second] = [await member(), await member({ standby: true })];
    const one = pool([first, second], { refreshMs: 200, probeTimeoutMs: 400, readerRefreshMs: 100 });
    await one.query('SELECT 1');
    await one.reader.query('SELECT 1');
    const look = second.script({ on: /pg_last_wal_replay_lsn/, does: ['hang'] });
    await expect.poll(() => look.met).toBeGreaterThan(1);
    await one.end();
    look.end();
    // What was dialled just before the end may still stand in the server's queue.
    await sleep(100);
    const taken = second.taken;
    await sleep(1_000);
    expect([second.open, second.taken - taken]).toEqual([0, 0]);
  });
});
