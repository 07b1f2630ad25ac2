import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { HaRedis, outcomeOf, type HaRedisOptions } from '@steadfast/redis-ha';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { failOver } from './fail-over.ts';
import { startLoneRedis, type LoneRedis } from './lone-redis.ts';
import { startMutingProxy } from './muting-proxy.ts';

const held = withLab({ postgres: false, haproxy: false, pgbouncer: false, managed: false });
let server: LoneRedis;
let admin: HaRedis;
const clients: HaRedis[] = [];

beforeAll(async () => {
  server = await startLoneRedis();
  admin = new HaRedis({ host: server.host, port: server.port, env: {} });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await admin.flushall();
});

afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

function client(options: HaRedisOptions = {}): HaRedis {
  const made = new HaRedis({ host: server.host, port: server.port, env: {}, ...options });
  clients.push(made);
  return made;
}

const connections = async (): Promise<number> =>
  Number(/connected_clients:(\d+)/.exec(await admin.info('clients'))?.[1]);

const blocked = async (): Promise<number> =>
  Number(/blocked_clients:(\d+)/.exec(await admin.info('clients'))?.[1]);

describe('a connection of its own', () => {
  it('watches for one caller alone, and every transaction of many sees what the others did', async () => {
    const redis = client({ useMax: 4 });
    await redis.set('n', '0');
    let tries = 0;
    const add = (): Promise<void> =>
      redis.use(async (own) => {
        for (let done = false; !done && tries < 1_000; tries++) {
          await own.watch('n');
          const n = Number(await own.get('n'));
          done =
            (await own
              .multi()
              .set('n', n + 1)
              .exec()) !== null;
        }
      });
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await redis.get('n')).toBe('20');
    // The client itself, the one that looks, and no more than four.
    expect(await connections()).toBeLessThanOrEqual(6);
  });

  it('is lent again as it was, or not at all', async () => {
    const redis = client({ useMax: 1 });
    const id = (): Promise<number> => redis.use((own) => own.client('ID'));
    const first = await id();
    expect(await id()).toBe(first);
    await redis.use((own) => own.watch('k'));
    expect(await id()).toBe(first);
    const spoilers: ((own: HaRedis) => unknown)[] = [
      (own) => own.select(3),
      (own) => own.multi({ pipeline: false }),
      (own) => own.subscribe('news'),
      (own) => void own.blpop('nothing', 1).catch(() => undefined),
      (own) => own.disconnect(),
    ];
    for (const spoil of spoilers) {
      const before = await id();
      await redis.use(spoil);
      expect(await id()).not.toBe(before);
    }
  });

  it('is closed when nobody has used it for a while', async () => {
    const redis = client({ useIdleMs: 1_000 });
    await redis.ping();
    const before = await connections();
    await redis.use((own) => own.ping());
    expect(await connections()).toBe(before + 1);
    await expect.poll(connections, { timeout: 4_000, interval: 100 }).toBe(before);
  });

  it('ends at the deadline and by the signal, and says what was under way', async () => {
    const redis = client({ useMax: 1 });
    const told: unknown[] = [];
    const block = (own: HaRedis, signal: AbortSignal): Promise<unknown> => {
      signal.addEventListener('abort', () => told.push(signal.reason));
      return own.blpop('nothing', 0).catch((error: unknown) => told.push(outcomeOf(error)));
    };
    const late = { code: 'HA_DEADLINE', outcome: 'unknown' };
    await expect(redis.use(block, { deadlineMs: 200 })).rejects.toMatchObject(late);
    await expect.poll(() => told).toEqual([expect.objectContaining(late), 'unknown']);
    const stop = new AbortController();
    const aborted = redis.use(block, { signal: stop.signal });
    const second = redis.use((own) => own.ping(), { deadlineMs: 100 });
    await expect(second).rejects.toMatchObject({ code: 'HA_DEADLINE', outcome: 'notSent' });
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'HA_ABORTED', outcome: 'unknown' });
    expect(await redis.use((own) => own.ping())).toBe('PONG');
    await expect(redis.use(() => 1, { deadlineMs: 0 })).rejects.toMatchObject({ code: 'HA_CONFIG' });
  });

  it('is waited for by quit(), which takes no new work', async () => {
    const redis = client();
    const work = redis.use(async (own) => {
      await own.set('a', '1');
      await sleep(200);
      return own.get('a');
    });
    await redis.ping();
    const ended = redis.quit();
    await expect(redis.use((own) => own.ping())).rejects.toMatchObject({ code: 'HA_CLOSED' });
    expect(await work).toBe('1');
    expect(await ended).toBe('OK');
    await expect.poll(connections).toBe(1);
  });

  it.each([
    ['quit()', (redis: HaRedis) => redis.quit()],
    ['disconnect()', (redis: HaRedis) => Promise.resolve(redis.disconnect())],
  ])('is given to nobody who waits for one when %s has ended what is under way', async (_, end) => {
    const redis = client({ useMax: 1, failoverWaitMs: 400 });
    await redis.ping();
    const first = redis.use((own) => own.blpop('nothing', 0));
    const second = redis.use((own) => own.set('late', '1'), { deadlineMs: 30_000 });
    const outcomes = Promise.allSettled([first, second]);
    await expect.poll(blocked).toBe(1);
    await end(redis);
    const reason = (outcome: string): unknown =>
      expect.objectContaining({ reason: expect.objectContaining({ outcome }) as unknown });
    expect(await outcomes).toEqual([reason('unknown'), reason('notSent')]);
    expect(await admin.exists('late')).toBe(0);
  });

  it('waits until it stands also where the client itself queues nothing', async () => {
    const redis = client({ enableOfflineQueue: false });
    await once(redis, 'ready');
    expect(await redis.use((own) => own.ping())).toBe('PONG');
    const subscriber = redis.subscriber();
    await subscriber.subscribe('news');
    await subscriber.close();
  });

  it('dials at its own pace while nobody answers, however many want one', async () => {
    const proxy = await startMutingProxy(server);
    const redis = client({ port: proxy.port, failoverWaitMs: 500 });
    await redis.ping();
    await proxy.stop();
    const work = Array.from({ length: 50 }, () =>
      redis.use((own) => own.ping()).catch((error: unknown) => error),
    );
    for (const error of await Promise.all(work)) expect(outcomeOf(error)).toBe('notSent');
  });

  it('hears MONITOR', async () => {
    const monitor = await client().monitor();
    const heard = once(monitor, 'monitor');
    await admin.set('seen', '1');
    expect((await heard)[1]).toEqual(['set', 'seen', '1']);
    monitor.disconnect();
  });
});

describe('commands that block', () => {
  it('keep nobody waiting where they are given connections of their own', async () => {
    const redis = client({ blocking: 'dedicated', keyPrefix: 'p:' });
    const taken = [redis.blpop('jobs', 5), redis.xread('BLOCK', 5_000, 'STREAMS', 's', '$')];
    const began = performance.now();
    expect(await redis.ping()).toBe('PONG');
    expect(performance.now() - began).toBeLessThan(1_000);
    await expect.poll(blocked).toBe(2);
    await admin.rpush('p:jobs', 'x');
    await redis.xadd('s', '1-1', 'f', 'v');
    expect(await Promise.all(taken)).toEqual([['p:jobs', 'x'], [['p:s', [['1-1', ['f', 'v']]]]]]);
    await redis.select(2);
    const second = redis.blpop('jobs', 5);
    await redis.rpush('jobs', 'y');
    expect(await second).toEqual(['p:jobs', 'y']);
    expect(await redis.multi().blpop('jobs', 0).ping().exec()).toEqual([
      [null, null],
      [null, 'PONG'],
    ]);
  });

  it('without a limit are sent again unharmed where their link has died without a sign', async () => {
    const proxy = await startMutingProxy(server);
    const redis = client({ port: proxy.port, silenceMs: 100, blockingCheckMs: 1_000 });
    await redis.ping();
    const taken = redis.blpop('half-open', 0);
    const side = redis.duplicate();
    clients.push(side);
    await side.ping();
    proxy.mute();
    const began = performance.now();
    await sleep(500);
    // Given too early it would be taken by the dead link, and nobody could know.
    expect(await blocked()).toBe(1);
    await expect.poll(blocked, { timeout: 5_000 }).toBe(0);
    await admin.rpush('half-open', 'x');
    expect(await taken).toEqual(['half-open', 'x']);
    expect(performance.now() - began).toBeLessThan(5_000);
    await proxy.stop();
  });

  it('are looked after again and again without their callers noticing, and end in their own time', async () => {
    const redis = client({ blockingCheckMs: 1_000, silenceMs: 200 });
    const began = performance.now();
    expect(await redis.blpop('nothing', 3)).toBeNull();
    expect(performance.now() - began).toBeGreaterThan(2_900);
    expect(performance.now() - began).toBeLessThan(4_500);
    expect(redis.health().generation).toBe(1);
  });
});

/** What a master had answered and not passed on when it was killed is undone: an instant's worth, one element at most here. */
const doubles = (ids: readonly string[]): number => ids.length - new Set(ids).size;

describe('consumers through a failover', () => {
  it('a planned one: none sees an error, nothing is taken twice and nothing is lost', async () => {
    const { taken, pushed, errors } = await consume('planned', () => failOver(held.lab, 'sentinel-failover'));
    expect(errors).toEqual([]);
    expect(taken.toSorted()).toEqual(pushed.toSorted());
  });

  it('a crash: nothing is taken twice, and what may have been is told as unknown', async () => {
    const { taken, pushed, errors } = await consume('crash', () => failOver(held.lab, 'redis-crash'));
    expect(doubles(taken)).toBeLessThanOrEqual(1);
    expect(errors.every((error) => outcomeOf(error) === 'unknown')).toBe(true);
    const missing = pushed.filter((id) => !taken.includes(id));
    expect(missing.length).toBeLessThanOrEqual(errors.length + 1);
  });

  it("a crash: what is taken by way of a list of one's own ends known, and none is lost", async () => {
    const redis = new HaRedis({ env: held.lab.env({ redis: 'sentinel' }) });
    const given: string[] = [];
    let more = true;
    const consumer = async (own: string): Promise<void> => {
      while (more) {
        const taken = await redis.take('taken', own, { waitMs: 500 });
        if (taken && (await taken.done())) given.push(taken.value);
      }
    };
    const consuming = ['taken:1', 'taken:2'].map(consumer);
    const pushed = Array.from({ length: 300 }, (_, n) => `e${n}`);
    const pushing = (async () => {
      for (const id of pushed) {
        await redis.once([['lpush', 'taken', id]], { token: `taken:${id}` });
        await sleep(5);
      }
    })();
    await sleep(300);
    await failOver(held.lab, 'redis-crash');
    await pushing;
    await expect.poll(() => redis.llen('taken'), { timeout: 10_000 }).toBe(0);
    more = false;
    await Promise.all(consuming);
    expect(pushed.filter((id) => !given.includes(id)).length + doubles(given)).toBeLessThanOrEqual(1);
    await redis.quit();
  });

  /** Four consumers and a producer of numbered elements, each element pushed once. */
  async function consume(
    list: string,
    fault: () => Promise<void>,
  ): Promise<{ taken: string[]; pushed: string[]; errors: unknown[] }> {
    const redis = new HaRedis({ env: held.lab.env({ redis: 'sentinel' }), blocking: 'dedicated' });
    const seen = { taken: [] as string[], pushed: [] as string[], errors: [] as unknown[] };
    let more = true;
    const consumer = async (): Promise<void> => {
      while (more) {
        try {
          const element = await redis.blpop(list, 2);
          if (element) seen.taken.push(element[1]);
        } catch (error) {
          seen.errors.push(error);
        }
      }
    };
    const producer = async (): Promise<void> => {
      for (let n = 0; more && n < 2_000; n++) {
        await redis.once([['rpush', list, `e${n}`]], { token: `${list}:${n}` });
        seen.pushed.push(`e${n}`);
        await sleep(10);
      }
    };
    const producing = producer();
    const consuming = Array.from({ length: 4 }, consumer);
    await sleep(300);
    await fault();
    await sleep(500);
    more = false;
    await Promise.all([producing, ...consuming]);
    const rest = await redis.lrange(list, 0, -1);
    seen.taken.push(...rest);
    await redis.quit();
    return seen;
  }
});
