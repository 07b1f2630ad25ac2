import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptedPostgres, ScriptedRedis, ScriptedSentinel } from '@steadfast/mock';
import { outcomeOf, type HaPool } from '@steadfast/pg-ha';
import type { HaRedis } from '@steadfast/redis-ha';
import { beforeEach, describe, expect, it } from 'vitest';
import { open, openDownTo } from './growth.ts';
import { withScriptedPostgres } from './with-scripted-postgres.ts';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const pg = withScriptedPostgres();
const group = withScriptedRedis();

/** Nothing that is being closed may take longer than what it waits for, and a little. */
const BOUND_MS = 3_000;

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = sleep(ms, undefined, { ref: false }).then(() => {
    throw new Error(`not closed within ${ms} ms`);
  });
  return Promise.race([work, late]);
}

/** What calls that were under way came to: each must have come to something. */
async function endings(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const all = await within(BOUND_MS, Promise.allSettled(calls));
  return all.map((one) =>
    one.status === 'fulfilled' ? 'ok' : (outcomeOf(one.reason) ?? String(one.reason)),
  );
}

interface PgState {
  /** brings a pool into it @returns the calls that are under way then */
  enter: (pool: HaPool, server: ScriptedPostgres) => Promise<Promise<unknown>[]>;
  comesTo: readonly string[];
}

const PG_STATES: Record<string, PgState> = {
  'never used': { enter: async () => [], comesTo: [] },
  idle: {
    enter: async (pool) => {
      await Promise.all([pool.query('SELECT 1'), pool.query('SELECT 1')]);
      return [];
    },
    comesTo: [],
  },
  'looking for the first time': {
    enter: async (pool, server) => {
      server.says.standby = true;
      return [pool.query('SELECT 1'), pool.transaction(async () => undefined), pool.connect()];
    },
    comesTo: ['notSent'],
  },
  dialling: {
    enter: async (pool, server) => {
      await pool.query('SELECT 1');
      server.script({ on: 'startup', does: ['hang'] });
      server.cut();
      await expect.poll(() => pool.totalCount).toBe(0);
      const calls = [pool.query('SELECT 1'), pool.connect()];
      await expect.poll(() => server.open).toBeGreaterThan(0);
      return calls;
    },
    comesTo: ['notSent'],
  },
  'searching, with calls that wait': {
    enter: async (pool, server) => {
      await pool.query('SELECT 1');
      server.says.standby = true;
      server.cut();
      await expect.poll(() => pool.health().state).toBe('searching');
      return Array.from({ length: 20 }, () => pool.query('SELECT 1'));
    },
    comesTo: ['notSent'],
  },
  'full, with calls in its queue': {
    enter: async (pool) => {
      const held = await Promise.all([pool.connect(), pool.connect()]);
      const queued = Array.from({ length: 5 }, () => pool.query('SELECT 1'));
      setTimeout(() => held.forEach((client) => client.release()), 50);
      return queued;
    },
    comesTo: ['notSent'],
  },
  'a statement in flight, which has a deadline': {
    enter: async (pool, server) => {
      await pool.query('SELECT 1');
      const slow = server.script({ on: /pg_sleep/, does: ['answer'] });
      const call = pool.query({ text: 'SELECT pg_sleep(9)', deadlineMs: 300 });
      await expect.poll(() => slow.met, { interval: 5 }).toBe(1);
      return [call];
    },
    comesTo: ['unknown', 'rejected'],
  },
  'a statement in flight to a server that has fallen silent': {
    enter: async (pool, server) => {
      await pool.query('SELECT 1');
      for (const on of ['cancel', 'startup']) server.script({ on, does: ['hang'] });
      const silent = server.script({ on: 'SELECT 2', does: ['hang'] });
      const call = pool.query({ text: 'SELECT 2', deadlineMs: 300 });
      await expect.poll(() => silent.met, { interval: 5 }).toBe(1);
      return [call];
    },
    comesTo: ['unknown'],
  },
  'a COMMIT that is being resolved': {
    enter: async (pool, server) => {
      await pool.query('SELECT 1');
      server.script({ on: /COMMIT$/, does: ['reset'], times: 1 });
      server.script({ on: /'claim'/, does: [{ run: () => (server.says.standby = true) }, 'reset'] });
      const work = pool.transaction((client) => client.query("INSERT INTO t VALUES ('1')"), {
        commitProof: true,
      });
      work.catch(() => undefined);
      await expect.poll(() => server.says.standby).toBe(true);
      return [work];
    },
    comesTo: ['unknown'],
  },
  'a transaction whose function still works': {
    enter: (pool) =>
      new Promise((entered) => {
        const work = pool.transaction(async (client) => {
          await client.query('SELECT 1');
          entered([work]);
          await sleep(100);
          return client.query("INSERT INTO t VALUES ('1')");
        });
      }),
    comesTo: ['ok'],
  },
};

describe('a pool that is ended', () => {
  it.each(Object.entries(PG_STATES))(
    '%s: everything settles, and nothing is left',
    async (_title, { enter, comesTo }) => {
      const server = await pg.member();
      const before = open();
      const pool = pg.pool([server], { max: 2 });
      const calls = await enter(pool, server);
      for (const call of calls) call.catch(() => undefined);
      await within(BOUND_MS, pool.end());
      const ends = await endings(calls);
      for (const end of ends) expect(comesTo).toContain(end);
      await expect.poll(() => server.open, { timeout: BOUND_MS }).toBe(0);
      expect(await openDownTo(before, BOUND_MS)).toBeLessThanOrEqual(before);
      await expect(pool.query('SELECT 1')).rejects.toThrow(/has been closed|after calling end/);
    },
  );

  it('twice: the second says so, and nothing breaks', async () => {
    const server = await pg.member();
    const pool = pg.pool([server]);
    await pool.query('SELECT 1');
    const first = pool.end();
    await expect(pool.end()).rejects.toThrow('Called end on pool more than once');
    await within(BOUND_MS, first);
  });

  it('with a reader and a channel that is heard: all of it ends', async () => {
    const server = await pg.member();
    const pool = pg.pool([server]);
    await pool.listen('news', () => undefined);
    const read = pool.reader.query('SELECT 1').catch(() => undefined);
    await within(BOUND_MS, pool.end());
    await within(BOUND_MS, read);
    await expect.poll(() => server.open, { timeout: BOUND_MS }).toBe(0);
  });

  it('whose reader the app has ended: waits for what is in flight all the same', async () => {
    const server = await pg.member();
    const pool = pg.pool([server]);
    const held = await pool.connect();
    await pool.reader.end();
    const ended = pool.end().then(() => 'ended');
    expect(await Promise.race([ended, sleep(50, 'waits')])).toBe('waits');
    held.release();
    expect(await within(BOUND_MS, ended)).toBe('ended');
    await expect.poll(() => server.open, { timeout: BOUND_MS }).toBe(0);
  });
});

interface Surroundings {
  a: ScriptedRedis;
  b: ScriptedRedis;
  sentinels: ScriptedSentinel[];
}

interface RedisState {
  enter: (redis: HaRedis, around: Surroundings) => Promise<Promise<unknown>[]>;
  comesTo: readonly string[];
}

async function ready(redis: HaRedis, { sentinels }: Surroundings): Promise<void> {
  await redis.ping();
  await expect
    .poll(() => sentinels.every(({ subscribers }) => subscribers > 0), { timeout: 5_000 })
    .toBe(true);
}

const REDIS_STATES: Record<string, RedisState> = {
  'not yet connected': { enter: async () => [], comesTo: [] },
  idle: {
    enter: async (redis, around) => {
      await ready(redis, around);
      return [];
    },
    comesTo: [],
  },
  'looking for the first time': {
    enter: async (redis, { sentinels }) => {
      for (const one of sentinels) one.script({ on: /./, does: ['hang'] });
      return [redis.get('k'), redis.set('k', 'v')];
    },
    comesTo: ['notSent'],
  },
  dialling: {
    enter: async (redis, { a }) => {
      a.script({ on: /^role$/i, does: ['hang'] });
      const calls = [redis.get('k'), redis.set('k', 'v')];
      await expect.poll(() => a.open, { timeout: 5_000 }).toBeGreaterThan(0);
      return calls;
    },
    comesTo: ['notSent'],
  },
  'searching, with commands that wait': {
    enter: async (redis, around) => {
      await ready(redis, around);
      around.a.says.role = 'slave';
      around.a.cut();
      await expect.poll(() => redis.health().state, { timeout: 5_000 }).toBe('searching');
      return Array.from({ length: 20 }, (_, n) => redis.set('k', n));
    },
    comesTo: ['notSent'],
  },
  'commands in flight to a server that has fallen silent': {
    enter: async (redis, around) => {
      await ready(redis, around);
      around.a.script({ on: /^(incr|get)/, does: ['hang'] });
      return [redis.incr('n'), redis.get('k')];
    },
    comesTo: ['unknown'],
  },
  'holding writes': {
    enter: async (redis, around) => {
      await ready(redis, around);
      around.sentinels[0]?.announce(2, around.b);
      await expect.poll(() => redis.health().state).toBe('holding');
      return [redis.set('k', 'v'), redis.incr('n')];
    },
    comesTo: ['notSent'],
  },
  'blocked commands on connections of their own': {
    enter: async (redis, around) => {
      await ready(redis, around);
      const work = redis.use(async (own, signal) => {
        around.a.script({ on: /^append/, does: ['hang'] });
        await own.append('a', 'x');
        signal.throwIfAborted();
      });
      await sleep(50);
      return [work];
    },
    comesTo: ['unknown'],
  },
};

describe.each(['disconnect', 'quit'] as const)('a client that is closed by %s()', (how) => {
  let around: Surroundings;
  beforeEach(async () => {
    const [a, b] = [await group.member(), await group.member({ role: 'slave' })];
    around = { a, b, sentinels: await group.sentinels(addressOf(a), [addressOf(b)]) };
  });

  it.each(Object.entries(REDIS_STATES))(
    '%s: everything settles, and nothing is left',
    async (_title, state) => {
      const { a, b, sentinels } = around;
      const before = open();
      const redis = group.client({
        sentinels: sentinels.map(addressOf),
        failoverWaitMs: 1_000,
        silenceMs: 200,
        holdMaxMs: 500,
        dialTimeoutMs: 500,
      });
      const calls = await state.enter(redis, around);
      for (const call of calls) call.catch(() => undefined);
      await within(2 * BOUND_MS, Promise.resolve(redis[how]()));
      const ends = await endings(calls);
      // quit() lets what is under way end first.
      for (const end of ends)
        expect(how === 'quit' ? [...state.comesTo, 'ok', 'notSent'] : state.comesTo).toContain(end);
      redis.disconnect();
      const connections = (): number => [a, b, ...sentinels].reduce((sum, one) => sum + one.open, 0);
      await expect.poll(connections, { timeout: BOUND_MS }).toBe(0);
      expect(await openDownTo(before, BOUND_MS)).toBeLessThanOrEqual(before);
      await expect(redis.get('k')).rejects.toMatchObject({ code: 'HA_CLOSED' });
    },
  );

  it('twice: it stays closed', async () => {
    const redis = group.client({ sentinels: around.sentinels.map(addressOf) });
    await redis.ping();
    for (let n = 0; n < 2; n++) await within(BOUND_MS, Promise.resolve(redis[how]()));
    await expect.poll(() => redis.status).toBe('end');
  });
});

it('a client with a commandTimeout, whose server has fallen silent, is closed by quit() all the same', async () => {
  const server = await group.member();
  const redis = group.client({ ...addressOf(server), commandTimeout: 200, silenceMs: 60_000 });
  await redis.ping();
  server.script({ on: /./, does: ['hang'] });
  expect(await within(BOUND_MS, redis.quit())).toBe('OK');
  await expect.poll(() => redis.status).toBe('end');
});
