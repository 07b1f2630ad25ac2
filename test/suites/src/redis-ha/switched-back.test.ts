import { once } from 'node:events';
import { HaRedis, outcomeOf, type HaRedisOptions } from '@steadfast/redis-ha';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLoneRedis, type LoneRedis } from './lone-redis.ts';
import { startMutingProxy, type MutingProxy } from './muting-proxy.ts';

let server: LoneRedis;
let admin: HaRedis;
beforeAll(async () => {
  server = await startLoneRedis();
  admin = new HaRedis({ host: server.host, port: server.port, env: {} });
});
beforeEach(() => admin.flushall());
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

async function behind(
  options: HaRedisOptions,
  run: (redis: HaRedis, proxy: MutingProxy) => Promise<void>,
): Promise<void> {
  const proxy = await startMutingProxy(server);
  const redis = new HaRedis({ host: proxy.host, port: proxy.port, env: {}, ...options });
  try {
    await once(redis, 'ready');
    await run(redis, proxy);
  } finally {
    redis.disconnect();
    await proxy.stop();
  }
}

/** The command is applied, its answer is lost with the link. */
async function lostAnswer<T>(
  proxy: MutingProxy,
  work: () => Promise<T>,
  applied: () => Promise<unknown>,
): Promise<T> {
  proxy.muteAnswers();
  const result = work();
  result.catch(() => undefined);
  await expect.poll(applied).toBeTruthy();
  proxy.cut();
  return result;
}

describe('what is less safe in ioredis', () => {
  it('is off: an INCR whose answer was lost is not sent again', async () => {
    await behind({}, async (redis, proxy) => {
      const work = lostAnswer(
        proxy,
        () => redis.incr('n'),
        () => admin.get('n'),
      );
      expect(outcomeOf(await work.catch((error: unknown) => error))).toBe('unknown');
      expect(await admin.get('n')).toBe('1');
    });
  });

  it('autoResendUnfulfilledCommands brings it back: sent again, and applied twice', async () => {
    await behind({ autoResendUnfulfilledCommands: true }, async (redis, proxy) => {
      expect(
        await lostAnswer(
          proxy,
          () => redis.incr('n'),
          () => admin.get('n'),
        ),
      ).toBe(2);
      const both = await lostAnswer(
        proxy,
        () => redis.multi().incr('m').incr('m').exec(),
        () => admin.get('m'),
      );
      expect(both).toEqual([
        [null, 3],
        [null, 4],
      ]);
    });
  });

  it('enableOfflineQueue: false fails what cannot be sent now, at once and in ioredis’s words', async () => {
    await behind({ enableOfflineQueue: false }, async (redis, proxy) => {
      expect(await redis.set('a', '1')).toBe('OK');
      const closed = once(redis, 'close');
      await proxy.stop();
      await closed;
      const why = {
        message: "Stream isn't writeable and enableOfflineQueue options is false",
        outcome: 'notSent',
      };
      await expect(redis.get('a')).rejects.toMatchObject(why);
      await expect(redis.multi().set('a', '2').exec()).rejects.toMatchObject(why);
      const ready = once(redis, 'ready');
      await proxy.reopen();
      await ready;
      expect(await redis.get('a')).toBe('1');
    });
  });
});
