import type { ScriptedRedis } from '@steadfast/mock';
import type { HaRedis } from '@steadfast/redis-ha';
import { beforeEach, describe, expect, it } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, sentinels, client, data } = withScriptedRedis();

const CLOSED = { code: 'HA_CLOSED', outcome: 'notSent' };

/** Both share the group, which therefore goes on when one of them has ended. */
let redis: HaRedis;
let other: HaRedis;
let server: ScriptedRedis;

async function untilEnded(): Promise<void> {
  await expect.poll(() => other.status).toBe('end');
}

describe('a client that has ended, of a group that others use', () => {
  beforeEach(async () => {
    server = await member();
    server.script({ on: /^blpop/i, does: ['hang'] });
    redis = client({ ...addressOf(server), failoverWaitMs: 5_000 });
    other = client({ ...addressOf(server), failoverWaitMs: 5_000, blocking: 'dedicated' });
    await Promise.all([redis.ping(), other.ping()]);
  });

  it.each(['quit', 'disconnect'] as const)(
    'by %s(): commands that block are refused as all others are, and open nothing',
    async (how) => {
      await other[how]();
      await untilEnded();
      const { taken } = server;
      for (let n = 0; n < 2; n++) await expect(other.blpop('k', 1)).rejects.toMatchObject(CLOSED);
      await expect(other.get('k')).rejects.toMatchObject(CLOSED);
      await redis.ping();
      expect(server.taken).toBe(taken);
    },
  );

  it('lends again when it is connected again, also while what an earlier quit() waits for still runs', async () => {
    const blocked = other.blpop('k', 0).catch((error: unknown) => error);
    await expect.poll(() => server.open).toBe(3);
    const quitted = other.quit();
    await untilEnded();
    await other.connect();
    expect(await other.use((own) => own.ping())).toBe('PONG');
    other.disconnect();
    expect(await blocked).toMatchObject({ code: 'HA_CLOSED', outcome: 'unknown' });
    await quitted;
  });

  it('by quit(), where it has only lent: what it lent ends first', async () => {
    const lender = client({ ...addressOf(server), failoverWaitMs: 5_000, lazyConnect: true });
    const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const work = lender.use(async (own) => {
      await own.ping();
      begun.resolve();
      await go.promise;
      return own.set('k', 'v');
    });
    await begun.promise;
    const quitted = lender.quit();
    await new Promise((resolve) => setTimeout(resolve, 50));
    go.resolve();
    expect(await work).toBe('OK');
    expect(await quitted).toBe('OK');
  });

  it.each(['quit', 'disconnect'] as const)(
    'by %s(): its locks are lost at once, though they would have lasted, and new ones refused',
    async (how) => {
      server.script({ on: /^evalsha/i, does: [{ send: '*2\r\n:1\r\n$1\r\n7\r\n' }] });
      const lock = await other.lock('a');
      expect(lock.signal.aborted).toBe(false);
      await other[how]();
      await untilEnded();
      expect(lock.signal.reason).toMatchObject({ code: 'HA_LOCK_LOST', outcome: 'unknown' });
      await expect(other.lock('a')).rejects.toMatchObject(CLOSED);
    },
  );

  it('by quit(), then disconnect(): what still blocked ends at once', async () => {
    const blocked = other.blpop('k', 0).catch((error: unknown) => error);
    await expect.poll(() => server.open).toBe(3);
    const quitted = other.quit();
    await untilEnded();
    expect(server.open).toBe(2);
    const began = performance.now();
    other.disconnect();
    expect(await blocked).toMatchObject({ code: 'HA_CLOSED', outcome: 'unknown' });
    await quitted;
    await expect.poll(() => server.open).toBe(1);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe('the reader of a client that has ended', () => {
  it('refuses as the client does, and opens nothing', async () => {
    const [a, b] = [await member(), await member({ role: 'slave' })];
    data.set('k', 'v');
    const all = await sentinels(addressOf(a), [addressOf(b)]);
    redis = client({ sentinels: all.map(addressOf), refreshMs: 100 });
    other = client({ sentinels: all.map(addressOf), refreshMs: 100 });
    await expect
      .poll(async () => [await other.reader.get('k'), other.reader.replicas.length])
      .toEqual(['v', 1]);
    await redis.ping();
    other.disconnect();
    await untilEnded();
    await expect.poll(() => b.open).toBe(0);
    const { taken } = b;
    for (let n = 0; n < 3; n++) await expect(other.reader.get('k')).rejects.toMatchObject(CLOSED);
    expect(other.reader.replicas).toEqual([]);
    await redis.ping();
    expect(b.taken).toBe(taken);
  });
});

describe('the health of a client that has ended, of a group that nobody uses any more', () => {
  it('asks nobody', async () => {
    server = await member();
    other = client(addressOf(server));
    await other.ping();
    other.disconnect();
    await untilEnded();
    await expect.poll(() => server.open).toBe(0);
    const { taken } = server;
    expect(other.health()).toMatchObject({ ready: false, state: 'closed', warnings: [] });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.taken).toBe(taken);
  });
});

describe('quit() while all is well', () => {
  it.each(['quit', 'QUIT'])('of a lent connection, as %s: the next one is lent another', async (word) => {
    const redis = client(addressOf(await member()));
    for (let n = 0; n < 3; n++) {
      expect(await redis.use((own) => own.ping())).toBe('PONG');
      expect(await redis.use((own) => own.call(word))).toBe('OK');
    }
    await redis.use((own) => void own.quit());
    expect(await redis.use((own) => own.ping())).toBe('PONG');
  });

  it('does not have the others look for another primary', async () => {
    const server = await member();
    const [redis, other] = [client(addressOf(server)), client(addressOf(server))];
    await Promise.all([redis.ping(), other.ping()]);
    const asked = server.script({ on: /^role$/i, does: ['answer'] });
    await other.quit();
    await expect.poll(() => other.status).toBe('end');
    await redis.ping();
    expect([asked.met, redis.health().state]).toEqual([0, 'steady']);
  });

  it('whose answer never comes takes twice silenceMs, however long commands may wait', async () => {
    const server = await member();
    const redis = client({ ...addressOf(server), silenceMs: 150, failoverWaitMs: 60_000 });
    await redis.ping();
    const frozen = server.script({ on: /^(role|ping|quit)/i, does: ['hang'] });
    const before = performance.now();
    expect(await redis.quit()).toBe('OK');
    expect(frozen.met).toBeGreaterThan(0);
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});
