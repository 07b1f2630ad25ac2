import { setTimeout as sleep } from 'node:timers/promises';
import {
  createProxyServer,
  promote,
  startPostgres,
  type ProxyServer,
  type TestServer,
} from '@steadfast/lab/lone';
import { HaPool, outcomeOf, type HaPoolOptions } from '@steadfast/pg-ha';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { withPostgres } from '../support/with-postgres.ts';

/*
 * What users of other clients suffer, each under its number. 2, 4 and 10 are in idle.test.ts and cancel.test.ts, 7 in
 * reader.test.ts, 9 in managed.test.ts.
 */

const lone = withPostgres();
const links: ProxyServer[] = [];

async function link(target: { host: string; port: number }): Promise<ProxyServer> {
  const made = await createProxyServer({ target });
  links.push(made);
  return made;
}
afterAll(() => Promise.all(links.map((each) => each.close())));

async function withPool(options: HaPoolOptions, run: (pool: HaPool) => Promise<void>): Promise<void> {
  const { user, password, database } = lone.config as { user: string; password: string; database: string };
  const pool = new HaPool({ user, password, database, env: {}, ...options });
  try {
    await run(pool);
  } finally {
    await pool.end();
  }
}

describe('pain 1: a pool that reconnects in the window to the demoted server, and stays there', () => {
  let next: TestServer;
  let demoted: TestServer;
  beforeAll(async () => {
    [next, demoted] = await Promise.all([
      startPostgres(lone.folder, 'next', lone.server),
      startPostgres(lone.folder, 'demoted', lone.server),
    ]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([next?.stop(), demoted?.stop()]);
  });

  it('does not: no caller sees 25006, and writes go to the new primary as soon as it is one', async () => {
    // The first address is the old primary's; after its fall a standby answers there, which says yes to every SELECT 1.
    const old = await link(lone.server);
    const hosts = [old.endpoint, (await link(next)).endpoint];
    await withPool({ strategy: 'hosts', hosts, max: 4 }, async (pool) => {
      await pool.query('CREATE TABLE window_writes (id text)');
      const writers = startWriters((id) => pool.query('INSERT INTO window_writes VALUES ($1)', [id]));
      await writers.acknowledgedAfter(0, 10_000);
      await old.set({ target: demoted });
      await old.reset();
      await sleep(300); // both are standbys: the window
      await promote(next);
      const healed = writers.writes.length;
      await expect
        .poll(() => writers.writes.slice(healed).filter(({ outcome }) => outcome === 'ok').length, {
          timeout: 15_000,
        })
        .toBeGreaterThan(20);
      await writers.stop(10_000);
      const codes = writers.writes.map(({ error }) => (error as { code?: string } | undefined)?.code);
      expect(codes).not.toContain('25006');
      expect(pool.primary).toEqual(hosts[1]);
      // What was in flight at the cut is in doubt, and nothing else failed.
      expect(writers.writes.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'unknown')).toEqual([]);
    });
  });
});

describe('pain 2: a statement on a link that goes half-open', () => {
  it('ends by its deadline, and the pool works on when there is a way again', async () => {
    const way = await link(lone.server);
    await withPool({ ...way.endpoint, failoverWaitMs: 2_000, silenceMs: 200 }, async (pool) => {
      await pool.query('SELECT 1');
      await way.set({ halfOpen: true });
      const outcome = await pool.query({ text: 'SELECT 1', deadlineMs: 500 }).catch(outcomeOf);
      expect(outcome).toBe('unknown');
      await way.set({ halfOpen: false });
      await expect
        .poll(() => pool.query('SELECT 1').then(() => 'ok', outcomeOf), { timeout: 10_000 })
        .toBe('ok');
    });
  });
});

describe('pain 2: a link that died, while its server is well', () => {
  it('is found out: the transaction on it is replayed long before its deadline', async () => {
    const way = await link(lone.server);
    await withPool({ ...way.endpoint, silenceMs: 200 }, async (pool) => {
      await pool.query('CREATE TABLE died_link (id text)');
      let attempts = 0;
      await pool.transaction(
        async (client) => {
          attempts += 1;
          await client.query("INSERT INTO died_link VALUES ('once')");
          if (attempts > 1) return;
          await way.set({ halfOpen: true });
          const answered = client.query('SELECT 1');
          await sleep(300);
          await way.set({ halfOpen: false }); // for new links; those that were silenced are dead
          await answered;
        },
        { deadlineMs: 60_000 },
      );
      expect(attempts).toBe(2);
      expect((await pool.query('SELECT count(*) FROM died_link')).rows).toEqual([{ count: '1' }]);
    });
  }, 30_000);

  it('is not what a statement on it takes its time on', async () => {
    await withPool({ ...lone.config, silenceMs: 200 }, async (pool) => {
      const lost: unknown[] = [];
      pool.on('error', (error) => lost.push(error));
      const { rows } = await pool.query('SELECT pg_sleep(7), pg_backend_pid() AS pid');
      expect((await pool.query('SELECT pg_backend_pid() AS pid')).rows[0]).toEqual({ pid: rows[0].pid });
      expect(lost).toEqual([]);
    });
  }, 30_000);
});

describe('pain 3: an "error" nobody listens for', () => {
  it('kills no process: it is an event only where somebody listens', async () => {
    await withPool({ ...lone.config }, async (pool) => {
      expect(pool.listenerCount('error')).toBe(0);
      expect(pool.emit('error', new Error('an idle connection was lost'))).toBe(false);
      const client = await pool.connect();
      expect(client.emit('error', new Error('a leased one was'))).toBe(false);
      client.release(true);
    });
  });
});

describe('pain 5: a server that takes connections and closes them at once', () => {
  it('meets no storm, however many calls wait', async () => {
    const way = await link(lone.server);
    const closed = await link(lone.server);
    await closed.close();
    await withPool({ ...way.endpoint, max: 20, failoverWaitMs: 20_000 }, async (pool) => {
      await pool.query('SELECT 1');
      await way.set({ target: closed.endpoint });
      await way.reset();
      const before = (await way.stats()).accepted;
      const calls = Array.from({ length: 500 }, () => pool.query({ text: 'SELECT 1', idempotent: true }));
      await sleep(2_000);
      const perSecond = ((await way.stats()).accepted - before) / 2;
      expect(perSecond).toBeLessThan(100);
      await way.set({ target: lone.server });
      await Promise.all(calls);
      expect(pool.totalCount).toBeLessThanOrEqual(20);
    });
  });

  it('or says that it has too many clients already is asked again, and no caller hears of it', async () => {
    await withPool({ ...lone.config, max: 1 }, async (admin) => {
      await admin.query("CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 2");
      await withPool({ ...lone.config, user: 'few', password: 'few', max: 8 }, async (pool) => {
        const calls = Array.from({ length: 40 }, () => pool.query('SELECT pg_sleep(0.01)'));
        expect((await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected')).toEqual([]);
      });
    });
  });
});

describe('pain 6: a dead host that is rechecked', () => {
  it('makes nobody wait, and does not take the living one down with it', async () => {
    const dead = await link(lone.server);
    await dead.set({ halfOpen: true });
    const hosts = [dead.endpoint, lone.server];
    await withPool({ strategy: 'hosts', hosts, refreshMs: 100, probeTimeoutMs: 3_000 }, async (pool) => {
      await pool.query('SELECT 1');
      let lost = 0;
      pool.on('topology', ({ next }) => (lost += next.leadership.at === 'following' ? 0 : 1));
      const reads = startWriters(() => pool.query('SELECT 1'));
      await sleep(1_500);
      await reads.stop(5_000);
      const slowest = Math.max(...reads.writes.map(({ started, ended }) => ended - started));
      expect(new Set(reads.writes.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
      expect(slowest).toBeLessThan(1_500); // half of what asking the dead one takes
      expect(lost).toBe(0);
    });
  });
});

describe('pain 8: a write that is repeated blindly', () => {
  it('is not: twenty increments whose answers are lost are applied once each, and in doubt', async () => {
    const way = await link(lone.server);
    await withPool({ ...way.endpoint, max: 2 }, async (pool) => {
      await pool.query('CREATE TABLE counted (n int); INSERT INTO counted VALUES (0)');
      for (let n = 0; n < 20; n++) {
        await way.cutAfter('UPDATE counted');
        expect(await pool.query('UPDATE counted SET n = n + 1').catch(outcomeOf)).toBe('unknown');
      }
      expect((await pool.query('SELECT n FROM counted')).rows).toEqual([{ n: 20 }]);
    });
  });
});
