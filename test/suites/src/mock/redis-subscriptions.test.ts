import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptedRedis } from '@steadfast/mock';
import type { HaRedis, HaRedisOptions } from '@steadfast/redis-ha';
import { beforeEach, describe, expect, it } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, client, data } = withScriptedRedis();

type Gap = { channels: readonly string[] };

let server: ScriptedRedis;

beforeEach(async () => {
  server = await member();
  data.set('k', 'v');
});

describe.each([2, 3])('with RESP%i', (protocol) => {
  const open = (options: HaRedisOptions = {}): HaRedis =>
    client({ ...addressOf(server), ...({ protocol } as HaRedisOptions), ...options });

  /** Whether answers still belong to their commands. */
  const inOrder = async (redis: HaRedis): Promise<void> => {
    if (protocol === 3) expect(await Promise.all([redis.get('k'), redis.echo('e')])).toEqual(['v', 'e']);
    else expect(await redis.ping()).toEqual(['pong', '']);
  };

  it('what was being let go when its link ended is not subscribed to again', async () => {
    const redis = open();
    await redis.subscribe('x', 'y');
    server.script({ on: /^unsubscribe/i, does: ['close'], times: 1 });
    expect(await redis.unsubscribe('x')).toBe(1);
    expect(server.subscriptions).toEqual(['subscribe y']);
    await inOrder(redis);
  });

  it('what was let go while there was no link is not subscribed to again', async () => {
    const redis = open();
    await redis.subscribe('x', 'y');
    await server.stop();
    const done = redis.unsubscribe('x');
    await server.start();
    expect(await done).toBe(1);
    expect(server.subscriptions).toEqual(['subscribe y']);
    await inOrder(redis);
  });

  it('a subscription to several channels whose link ended between the answers is made whole, and shifts no other answer', async () => {
    const redis = open();
    const errors: unknown[] = [];
    redis.on('error', (error: unknown) => errors.push(error));
    await redis.ping();
    const first = protocol === 3 ? '>' : '*';
    const half = (answer: Buffer): Buffer => answer.subarray(0, answer.indexOf(first, 1));
    server.script({ on: /^subscribe/i, does: [{ answerAs: half }, 'close'], times: 1 });
    expect(await redis.subscribe('a', 'b', 'c')).toBe(3);
    expect(server.subscriptions).toEqual(['subscribe a', 'subscribe b', 'subscribe c']);
    await inOrder(redis);
    server.script({ on: /^unsubscribe/i, does: [{ answerAs: half }, 'close'], times: 1 });
    expect(await redis.unsubscribe('a', 'b')).toBe(1);
    await inOrder(redis);
    expect(errors).toEqual([]);
  });

  it('a shard channel keeps its name, with one prefix, however often its link ends', async () => {
    const redis = open({ keyPrefix: 'p:' });
    const gaps: Gap[] = [];
    redis.on('gap', (gap: Gap) => gaps.push(gap));
    await redis.ssubscribe('a');
    for (let n = 1; n <= 2; n++) {
      server.cut();
      await expect.poll(() => gaps.length).toBe(n);
      expect(server.subscriptions).toEqual(['ssubscribe p:a']);
    }
    expect(gaps.map(({ channels }) => channels)).toEqual([['a'], ['a']]);
  });
});

describe('a transaction step by step on a connection that is subscribed too (RESP3)', () => {
  it('has the answers to its own commands, however long it takes', async () => {
    const redis = client({ ...addressOf(server), silenceMs: 50 });
    await redis.subscribe('a');
    await redis.multi({ pipeline: false });
    await redis.set('k', 'w');
    await sleep(300);
    await redis.get('k');
    expect(await redis.exec()).toEqual([
      [null, 'OK'],
      [null, 'w'],
    ]);
    const pulses = server.script({ on: /^ping/i, does: ['answer'] });
    await expect.poll(() => pulses.met).toBeGreaterThan(0);
  });
});
