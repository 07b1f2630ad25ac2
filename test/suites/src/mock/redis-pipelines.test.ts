import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, client, data } = withScriptedRedis();

const LOST = [expect.objectContaining({ code: 'HA_TRANSACTION_LOST', outcome: 'notSent' })];

describe('a pipeline', () => {
  it('after a lost WATCH goes whole, and nobody gets another’s answer', async () => {
    const server = await member();
    server.script({ on: 'watch k', does: [{ send: '+OK\r\n' }] });
    for (const key of ['a', 'b', 'c']) data.set(key, key.toUpperCase());
    const redis = client(addressOf(server));
    await redis.watch('k');
    const closed = once(redis, 'close');
    server.cut();
    await closed;
    await redis.ping();
    const pipeline = redis.pipeline([['get', 'a'], ['multi'], ['get', 'b'], ['exec'], ['get', 'c']]).exec();
    expect(await Promise.all([redis.get('b'), redis.get('a')])).toEqual(['B', 'A']);
    expect(await pipeline).toEqual([[null, 'A'], LOST, LOST, LOST, [null, 'C']]);
  });

  it('of which one command cannot be written fails as a whole, and nobody gets another’s answer', async () => {
    for (const key of ['a', 'b', 'c']) data.set(key, key.toUpperCase());
    const redis = client({ ...addressOf(await member()), silenceMs: 60_000 });
    await redis.ping();
    const wrong = Object.create(null) as string;
    expect(() => redis.pipeline().get('a').select(3).set('k', wrong).get('c').exec()).toThrow(
      expect.objectContaining({ name: 'TypeError', outcome: 'notSent' }),
    );
    expect(await Promise.all([redis.get('b'), redis.get('a'), redis.get('c')])).toEqual(['B', 'A', 'C']);
    expect([data.has('k'), redis.condition?.select]).toEqual([false, 0]);
  });

  it('with a QUIT inside a transaction that was opened by itself is written', async () => {
    const server = await member();
    server.script({ on: 'quit', does: [{ send: '+OK\r\n' }, 'close'] });
    const redis = client(addressOf(server));
    await redis.multi({ pipeline: false });
    expect(await redis.pipeline().set('a', '1').quit().exec()).toEqual([
      [null, 'QUEUED'],
      [null, 'OK'],
    ]);
  });
});
