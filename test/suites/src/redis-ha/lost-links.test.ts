import { setTimeout as sleep } from 'node:timers/promises';
import { HaRedis, isHaError, outcomeOf, type HaRedisOptions } from '@steadfast/redis-ha';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoneRedis, type LoneRedis } from './lone-redis.ts';
import { startMutingProxy, type MutingProxy } from './muting-proxy.ts';
import { rawCommand } from './raw-command.ts';

let server: LoneRedis;
let admin: HaRedis;

beforeAll(async () => {
  server = await startLoneRedis();
  admin = new HaRedis({ host: server.host, port: server.port, env: {} });
});

afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

async function behind(
  options: HaRedisOptions,
  run: (redis: HaRedis, proxy: MutingProxy) => Promise<void>,
): Promise<void> {
  await admin.flushall();
  const proxy = await startMutingProxy(server);
  const redis = new HaRedis({ host: proxy.host, port: proxy.port, env: {}, ...options });
  try {
    await redis.ping();
    await run(redis, proxy);
  } finally {
    redis.disconnect();
    await proxy.stop();
  }
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a transaction whose link is lost', () => {
  it('is never cut in two by a retry budget that runs out', async () => {
    await behind({ maxWaiting: 4 }, async (redis, proxy) => {
      for (let round = 0; round < 8; round++) {
        proxy.mute();
        const work = redis.multi().set('a', 1).set('b', 2).set('c', 3).set('d', 4).exec();
        const failed = failure(work);
        await sleep(20);
        proxy.cut();
        expect([undefined, 'unknown']).toContain(outcomeOf(await failed));
        expect(await redis.incr('after')).toBe(round + 1);
      }
    });
  });

  it('that was not built as a pipeline is not repeated by halves after its DISCARD', async () => {
    await behind({}, async (redis, proxy) => {
      await redis.set('kept', 'old');
      await redis.multi({ pipeline: false });
      proxy.mute();
      const work = [failure(redis.set('kept', 'discarded')), failure(redis.discard())];
      await sleep(20);
      proxy.cut();
      for (const error of await Promise.all(work))
        expect(error).toMatchObject({ code: 'HA_TRANSACTION_LOST', outcome: 'rejected' });
      expect(await redis.get('kept')).toBe('old');
    });
  });

  it('that was watched is not repeated where nobody watches', async () => {
    await behind({}, async (redis, proxy) => {
      await redis.watch('watched');
      proxy.mute();
      const work = failure(redis.multi().set('watched', 'mine').exec());
      await sleep(20);
      await admin.set('watched', 'by another');
      proxy.cut();
      expect(outcomeOf(await work)).toBe('unknown');
      expect(await admin.get('watched')).toBe('by another');
    });
  });
});

describe('a refusal by role inside a transaction', () => {
  it('is told, and nothing of it is sent again alone', async () => {
    const lone = await startLoneRedis();
    const redis = new HaRedis({ host: lone.host, port: lone.port, env: {} });
    try {
      await redis.set('n', '0');
      await redis.multi({ pipeline: false });
      await rawCommand(lone.port, 'REPLICAOF 127.0.0.1 1');
      await sleep(20);
      const work = [failure(redis.incr('n')), failure(redis.exec())];
      await sleep(100);
      await rawCommand(lone.port, 'REPLICAOF NO ONE');
      expect((await Promise.all(work)).map(outcomeOf)).toEqual(['rejected', 'rejected']);
      expect(await redis.get('n')).toBe('0');
    } finally {
      redis.disconnect();
      await lone.stop();
    }
  });
});

describe('a command whose first attempt was lost', () => {
  it('stays `unknown` where the client is closed while it waits', async () => {
    await behind({}, async (redis, proxy) => {
      proxy.muteAnswers();
      const work = failure(redis.set('applied', 'x'));
      await sleep(50);
      await proxy.stop();
      await sleep(50);
      redis.disconnect();
      expect(await work).toMatchObject({ code: 'HA_CLOSED', outcome: 'unknown' });
      expect(await admin.get('applied')).toBe('x');
    });
  });

  it('stays `unknown` where the second is refused', async () => {
    await behind({}, async (redis, proxy) => {
      proxy.muteAnswers();
      const work = failure(redis.sadd('applied', 'x'));
      await sleep(50);
      await admin.config('SET', 'min-replicas-to-write', '1');
      try {
        proxy.cut();
        expect(await work).toMatchObject({ name: 'ReplyError', outcome: 'unknown' });
        expect(await admin.smembers('applied')).toEqual(['x']);
      } finally {
        await admin.config('SET', 'min-replicas-to-write', '0');
      }
    });
  });

  it('stays `unknown` through `once` where the script has to be sent again, and that is refused', async () => {
    await behind({}, async (redis, proxy) => {
      await admin.script('FLUSH');
      proxy.muteAnswers();
      const work = failure(redis.once([['incr', 'n']], { token: 'refused' }));
      await sleep(50);
      await admin.config('SET', 'min-replicas-to-write', '1');
      try {
        proxy.cut();
        expect(await work).toMatchObject({
          outcome: 'unknown',
          message: expect.stringMatching(/^NOREPLICAS/),
        });
      } finally {
        await admin.config('SET', 'min-replicas-to-write', '0');
      }
    });
  });

  it('is not sent after its commandTimeout', async () => {
    await behind({ commandTimeout: 300 }, async (redis, proxy) => {
      proxy.mute();
      const [lost, silent] = [failure(redis.set('late', 'x')), failure(redis.incr('late:n'))];
      await sleep(200);
      await proxy.stop();
      expect(outcomeOf(await lost)).toBe('unknown');
      expect(outcomeOf(await silent)).toBe('unknown');
      expect(outcomeOf(await failure(redis.set('late', 'y')))).toBe('notSent');
      await proxy.reopen();
      expect(await redis.exists('late', 'late:n')).toBe(0);
    });
  });
});

describe('a connection that comes back', () => {
  it('uses the database that was selected after a lost WATCH', async () => {
    await behind({}, async (redis, proxy) => {
      await redis.watch('watched');
      proxy.cut();
      await sleep(50);
      await redis.ping();
      await redis.select(3);
      await redis.set('first', 'x');
      proxy.cut();
      await sleep(5);
      await redis.set('second', 'x');
      expect(await admin.dbsize()).toBe(0);
      expect(await redis.dbsize()).toBe(2);
    });
  });

  it('subscribes again however long it takes, however many wait, and through a second loss', async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listener);
    try {
      await behind({ failoverWaitMs: 200, maxWaiting: 2 }, async (redis, proxy) => {
        await redis.subscribe('news');
        await proxy.stop();
        const waiting = [failure(redis.get('a')), failure(redis.get('b'))];
        await sleep(400);
        await Promise.all(waiting);
        await proxy.reopen();
        redis.once('ready', () => proxy.cut());
        await expect.poll(() => admin.publish('news', 'x'), { timeout: 5_000 }).toBe(1);
      });
      expect(unhandled).toEqual([]);
    } finally {
      process.removeListener('unhandledRejection', listener);
    }
  });
});

describe('a command on a link that falls silent while nobody can be reached', () => {
  it('ends by its deadline, and does not wait anew because its link is given up', async () => {
    const frozen = await startLoneRedis();
    const options = { host: frozen.host, port: frozen.port, silenceMs: 100, failoverWaitMs: 1_500 };
    const redis = new HaRedis({ ...options, dialTimeoutMs: 300, env: {} });
    try {
      await redis.ping();
      frozen.process.kill('SIGSTOP');
      const began = performance.now();
      // Reads: they may be sent again, and would have the whole of a second wait.
      const lost = await Promise.all([failure(redis.get('a')), failure(redis.get('b'))]);
      expect(lost.map(outcomeOf)).toEqual(['unknown', 'unknown']);
      expect(performance.now() - began).toBeGreaterThan(1_300);
      expect(performance.now() - began).toBeLessThan(2_800);
    } finally {
      frozen.process.kill('SIGCONT');
      redis.disconnect();
      await frozen.stop();
    }
  });
});

describe('an argument that cannot be written', () => {
  it('fails its own command alone, also when that had to wait for a connection', async () => {
    const redis = new HaRedis({ host: server.host, port: server.port, env: {} });
    try {
      const wrong = failure(redis.set('wrong', Object.create(null) as string));
      const half = failure(
        redis
          .multi()
          .set('half', 1)
          .set('half', Object.create(null) as string)
          .exec(),
      );
      const after = redis.set('right', 'yes');
      expect(await wrong).toBeInstanceOf(TypeError);
      expect(await half).toBeInstanceOf(Error);
      expect(await redis.exists('half')).toBe(0);
      expect(await after).toBe('OK');
      expect(await redis.get('right')).toBe('yes');
      expect(redis.health().waiting).toBe(0);
    } finally {
      redis.disconnect();
    }
  });
});

describe('a question beside the data', () => {
  it('is not asked again and again of a server that does not have the command', async () => {
    const without = await startLoneRedis('--rename-command', 'WAIT', '');
    const redis = new HaRedis({ host: without.host, port: without.port, replicaHeartbeatMs: 100, env: {} });
    const connections = async (): Promise<number> =>
      Number(/total_connections_received:(\d+)/.exec(await redis.info('stats'))?.[1]);
    try {
      await redis.set('begun', '1');
      await expect.poll(async () => /cmdstat_publish/.test(await redis.info('commandstats'))).toBe(true);
      const before = await connections();
      await sleep(1_000);
      expect((await connections()) - before).toBeLessThan(3);
    } finally {
      redis.disconnect();
      await without.stop();
    }
  });
});

describe('a long outage', () => {
  it('holds no more than maxWaitingBytes, whatever callers give, and refuses the rest at once', async () => {
    await behind({ maxWaiting: 1_000_000, maxWaitingBytes: 8 << 20 }, async (redis, proxy) => {
      await proxy.stop();
      await expect.poll(() => redis.health().ready).toBe(false);
      const waiting: Promise<unknown>[] = [];
      const before = process.memoryUsage().heapUsed;
      let full = 0;
      for (let n = 0; n < 100_000; n++) {
        const work = redis.set(`outage:${n}`, `${n}`.padEnd(1_000)).catch((error: unknown) => {
          if (isHaError(error, 'HA_QUEUE_FULL')) full += 1;
        });
        if (n < 10_000) waiting.push(work);
        if (n % 1_000 === 0) await sleep(0);
      }
      await sleep(0);
      expect(full).toBeGreaterThan(90_000);
      expect(redis.health().waiting).toBe(100_000 - full);
      // 100 MB were given; what a heap has grown by is less sharp than what it holds.
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(60 << 20);
      await proxy.reopen();
      await Promise.all(waiting);
      expect(await admin.dbsize()).toBe(100_000 - full);
    });
  });
});
