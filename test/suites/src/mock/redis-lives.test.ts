import { outcomeOf, type HaRedis } from '@steadfast/redis-ha';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, client } = withScriptedRedis();

describe('a client of Redis whose server is away', () => {
  it('goes on dialling where it is told to reconnect: only disconnect() without that ends it', async () => {
    const server = await member();
    const redis = client(addressOf(server));
    await redis.ping();
    await server.stop();
    const waits = redis.set('a', '1');
    await expect.poll(() => redis.status).toBe('connecting');
    redis.disconnect(true);
    await server.start();
    expect([await waits, await redis.ping()]).toEqual(['OK', 'PONG']);
  });

  it('stays with its database where a SELECT was told that it was not sent', async () => {
    const server = await member();
    const redis = client({ ...addressOf(server), failoverWaitMs: 400 });
    await redis.ping();
    await server.stop();
    await expect.poll(() => redis.status).not.toBe('ready');
    const first = redis.select(3).catch(outcomeOf);
    const second = redis.select(4).catch(outcomeOf);
    expect([await first, await second]).toEqual(['notSent', 'notSent']);
    await server.start();
    const selected = server.script({ on: /^select/i, does: ['answer'] });
    await expect.poll(() => redis.set('a', '1').catch(outcomeOf)).toBe('OK');
    expect([selected.met, redis.condition?.select]).toEqual([0, 0]);
  });

  it('can be told to quit though nothing more may wait', async () => {
    const server = await member();
    const redis = client({ ...addressOf(server), maxWaiting: 1, failoverWaitMs: 1_000 });
    await redis.ping();
    await server.stop();
    await expect.poll(() => redis.status).not.toBe('ready');
    const waits = redis.set('a', '1').catch(outcomeOf);
    await expect(redis.set('b', '1')).rejects.toMatchObject({ code: 'HA_QUEUE_FULL' });
    expect([await redis.quit(), await waits]).toEqual(['OK', 'notSent']);
    await expect.poll(() => redis.status, { timeout: 5_000 }).toBe('end');
  });

  it('can be told to quit where it takes nothing that would have to wait, and leaves no rejection to the process', async () => {
    const unheard: unknown[] = [];
    const note = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', note);
    try {
      const server = await member();
      const redis = client({ ...addressOf(server), maxWaiting: 1, failoverWaitMs: 1_000 });
      await redis.ping();
      let began = false;
      const lent = redis.use(async (connection, signal) => {
        began = (await connection.ping()) === 'PONG';
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      });
      lent.catch(() => undefined);
      await expect.poll(() => began).toBe(true);
      await server.stop();
      await expect.poll(() => redis.status).not.toBe('ready');
      const waits = redis.set('a', '1').catch(outcomeOf);
      expect(await redis.quit()).toBe('OK');
      expect(await waits).toBe('notSent');
      await Promise.allSettled([lent]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(unheard).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('a MULTI that may not wait', () => {
  const REFUSED = { code: 'HA_CONNECTION_LOST', outcome: 'notSent' };
  it.each([
    ['by itself', (redis: HaRedis) => redis.multi({ pipeline: false })],
    ['with all that belongs to it', (redis: HaRedis) => redis.multi().set('a', '1').exec()],
  ])('%s is refused, and nobody else is once the server is back', async (_what, begin) => {
    const server = await member();
    const redis = client({ ...addressOf(server), enableOfflineQueue: false });
    await once(redis, 'ready');
    await server.stop();
    await expect.poll(() => redis.status).not.toBe('ready');
    await expect(begin(redis)).rejects.toMatchObject(REFUSED);
    const ready = once(redis, 'ready');
    await server.start();
    await ready;
    expect([await redis.set('b', '1'), await redis.get('a')]).toEqual(['OK', null]);
  });
});

describe('a link that goes silent while it is set up', () => {
  it('is cut, and another one serves', async () => {
    const server = await member();
    const silent = server.script({ on: /^client setinfo/i, does: ['hang'], times: 1 });
    const redis = client({
      ...addressOf(server),
      dialTimeoutMs: 500,
      silenceMs: 200,
      failoverWaitMs: 10_000,
    });
    expect(await redis.set('a', '1')).toBe('OK');
    expect(silent.met).toBe(1);
  });
});

describe('a new master whose replicas are still to come', () => {
  const NOREPLICAS = [{ send: '-NOREPLICAS Not enough good replicas to write.\r\n' }];

  it('is waited for, and nobody is asked for another one', async () => {
    const server = await member();
    const redis = client(addressOf(server));
    await redis.ping();
    const asked = server.script({ on: /^role$/i, does: ['answer'] });
    const refused = server.script({ on: 'incr n', does: NOREPLICAS, times: 5 });
    expect([await redis.incr('n'), refused.met, asked.met]).toEqual([1, 5, 0]);
  });

  it('is waited for no longer than a command may wait', async () => {
    const server = await member();
    const redis = client({ ...addressOf(server), failoverWaitMs: 500 });
    await redis.ping();
    server.script({ on: 'incr n', does: NOREPLICAS });
    await expect(redis.incr('n')).rejects.toMatchObject({ outcome: 'rejected' });
    expect(await redis.set('a', '1')).toBe('OK');
  });

  it('tells a transaction at once', async () => {
    const server = await member();
    const redis = client(addressOf(server));
    server.script({ on: 'incr n', does: NOREPLICAS });
    server.script({ on: 'exec', does: [{ send: '-EXECABORT of errors\r\n' }] });
    await expect(redis.multi().incr('n').exec()).rejects.toMatchObject({ outcome: 'rejected' });
  });
});

describe('a server that is full', () => {
  it.each(['single', 'managed'] as const)(
    'serves those whom it has let in, by strategy %s, and the others when it can',
    async (strategy) => {
      const server = await member();
      const options = { ...addressOf(server), strategy, refreshMs: 100, failoverWaitMs: 10_000 };
      const redis = client(options);
      await redis.ping();
      const full = server.script({
        on: 'connect',
        does: [{ send: '-ERR max number of clients reached\r\n' }, 'close'],
      });
      const late = client(options);
      const waits = late.set('b', '1');
      for (let asked = 0; full.met < 20; asked++) expect(await redis.set('a', asked)).toBe('OK');
      expect(redis.health()).toMatchObject({ ready: true, state: 'checking' });
      full.end();
      expect(await waits).toBe('OK');
      await expect.poll(() => redis.health().state).toBe('steady');
    },
  );
});
