import type { ScriptedRedis } from '@steadfast/mock';
import type { HaRedis } from '@steadfast/redis-ha';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, client, data } = withScriptedRedis();

const TRANSACTION_LOST = { code: 'HA_TRANSACTION_LOST' };

/** Two that had to wait have gone: their deadline is still to come. */
async function afterOneThatWaited(redis: HaRedis, server: ScriptedRedis): Promise<void> {
  await redis.ping();
  const closed = once(redis, 'close');
  server.cut();
  await closed;
  await redis.multi().incr('x').exec();
}

describe('a step of a transaction', () => {
  it('given between the end of its connection and our hearing of it is never sent alone', async () => {
    const server = await member();
    server.script({ on: 'echo end', does: ['close'] });
    const redis = client(addressOf(server));
    await afterOneThatWaited(redis, server);
    await redis.multi({ pipeline: false });
    const { stream } = redis;
    const ended = once(stream, 'end');
    const echoed = redis.echo('end');
    await ended;
    expect([stream.writable, redis.status]).toEqual([false, 'ready']);
    const closed = once(redis, 'close');
    const steps = [redis.set('half', '1'), redis.incr('n'), echoed];
    await closed;
    const lost = { status: 'rejected', reason: expect.objectContaining(TRANSACTION_LOST) as unknown };
    expect(await Promise.allSettled([redis.exec(), ...steps])).toEqual([lost, lost, lost, lost]);
    expect([await redis.get('half'), await redis.get('n')]).toEqual([null, null]);
  });

  it('that is refused by role is not sent alone, though reconnectOnError asks for it', async () => {
    const server = await member();
    const redis = client({ ...addressOf(server), reconnectOnError: () => 2 });
    await afterOneThatWaited(redis, server);
    server.script({ on: 'set a 1', does: [{ send: '-READONLY of a replica\r\n' }], times: 1 });
    server.script({ on: 'exec', does: [{ send: '-EXECABORT of errors\r\n' }], times: 1 });
    await expect(redis.multi().set('a', '1').incr('n').exec()).rejects.toMatchObject(TRANSACTION_LOST);
    await expect.poll(() => redis.health().ready).toBe(true);
    expect([await redis.get('a'), await redis.get('n')]).toEqual([null, null]);
  });

  /** Nothing is answered until `thaw()`. */
  function freeze(server: ScriptedRedis): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const on of ['incr a', /^role$/i, /^ping$/i])
      server.script({ on, does: [{ wait: promise }, 'answer'] });
    return resolve;
  }

  it.each([
    ['enableOfflineQueue', { enableOfflineQueue: false }],
    ['maxWaiting', { maxWaiting: 1 }],
  ])('waits out a silence whatever %s says: without it the others would be applied', async (_name, bound) => {
    const server = await member();
    const redis = client({ ...addressOf(server), silenceMs: 200, dialTimeoutMs: 5_000, ...bound });
    await once(redis, 'ready');
    await redis.multi({ pipeline: false });
    const thaw = freeze(server);
    const first = redis.incr('a');
    await expect.poll(() => redis.health().state).not.toBe('steady');
    const rest = [redis.incr('b'), redis.incr('c'), redis.exec()];
    thaw();
    const applied = Array.from({ length: 3 }, () => [null, 1]);
    expect(await Promise.all([first, ...rest])).toEqual(['QUEUED', 'QUEUED', 'QUEUED', applied]);
  });

  it('whose time ends while it waits ends the transaction: EXEC does not apply the others', async () => {
    const server = await member();
    const redis = client({
      ...addressOf(server),
      silenceMs: 200,
      dialTimeoutMs: 5_000,
      commandTimeout: 1_000,
    });
    await redis.ping();
    await redis.multi({ pipeline: false });
    const thaw = freeze(server);
    const first = redis.incr('a').catch(() => undefined);
    await expect.poll(() => redis.health().state).not.toBe('steady');
    await expect(redis.incr('b')).rejects.toMatchObject({ outcome: 'notSent' });
    thaw();
    await first;
    await expect(redis.exec()).rejects.toMatchObject(TRANSACTION_LOST);
    expect([await redis.get('a'), data.get('b')]).toEqual([null, undefined]);
  });
});
