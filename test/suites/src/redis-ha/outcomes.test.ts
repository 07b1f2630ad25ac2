import { setTimeout as sleep } from 'node:timers/promises';
import type { LinkProxy } from '@steadfast/lab';
import { HaRedis, OnceError, outcomeOf } from '@steadfast/redis-ha';
import { describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { startLoneRedis } from './lone-redis.ts';
import { startMutingProxy } from './muting-proxy.ts';
import { rawCommand } from './raw-command.ts';
import { throughProxy } from './through-proxy.ts';

const held = withLab({ postgres: false, haproxy: false, pgbouncer: false, managed: false });

const dropped = { dropAnswer: true, count: 1 };

/** Breaks the link, and waits until the client knows: what is given to it from now on has not been sent on that link. */
async function sever(redis: HaRedis, link: LinkProxy): Promise<void> {
  const known = new Promise((resolve) => redis.once('close', resolve));
  await link.reset();
  await known;
}

describe('a write that is made again after a cut', () => {
  it('is not delivered by the kernel as well, after later ones', async () => {
    const { lab } = held;
    await lab.waitHealthy(60_000);
    const redis = new HaRedis({ silenceMs: 300, env: lab.env({ redis: 'sentinel' }) });
    await redis.set('twice', 'before');
    const cut = await lab.fault('partition-clients');
    const cutAt = performance.now();
    const older = redis.set('twice', 'older');
    await sleep(2_500);
    await cut.heal();
    const cutMs = performance.now() - cutAt;
    expect(await older).toBe('OK');
    await redis.set('twice', 'newer');
    // The kernel's pauses double: by twice the time it has sent again what it was not told to forget.
    await sleep(cutMs + 1_000);
    expect(await redis.get('twice')).toBe('newer');
    await redis.quit();
  }, 60_000);
});

describe('a command whose answer is lost with the link', () => {
  it('is unknown where a second application would change something, and applied once: twenty of twenty', async () => {
    await throughProxy(held.lab, {}, async (redis, link, direct) => {
      for (let n = 0; n < 20; n++) {
        await link.cutAfter('incr', dropped);
        await expect(redis.incr(`cut:${n}`)).rejects.toMatchObject({
          code: 'HA_CONNECTION_LOST',
          outcome: 'unknown',
        });
        expect(await direct.get(`cut:${n}`)).toBe('1');
      }
    });
  });

  it('is sent again where that changes nothing, and its caller sees no failure', async () => {
    await throughProxy(held.lab, {}, async (redis, link) => {
      await link.cutAfter('again:set', dropped);
      expect(await redis.set('again:set', 'x')).toBe('OK');
      await link.cutAfter('again:hash', dropped);
      expect(await redis.hset('again:hash', 'a', '1')).toBe(0);
      await link.cutAfter('again:set', dropped);
      expect(await redis.get('again:set')).toBe('x');
    });
  });

  it('is applied exactly once through `once`, twenty of twenty, with its own answer', async () => {
    await throughProxy(held.lab, {}, async (redis, link, direct) => {
      for (let n = 0; n < 20; n++) {
        await link.cutAfter(`job:${n}`, dropped);
        const answers = await redis.once(
          [
            ['incr', `once:${n}`],
            ['rpush', 'once:list', String(n)],
          ],
          { token: `job:${n}` },
        );
        expect(answers).toEqual([1, n + 1]);
        expect(await direct.get(`once:${n}`)).toBe('1');
      }
      expect(await direct.llen('once:list')).toBe(20);
    });
  });

  it('keeps the order of what one caller sends', async () => {
    await throughProxy(held.lab, {}, async (redis, link, direct) => {
      await link.cutAfter('order', dropped);
      await Promise.all([redis.set('order', '1'), redis.set('order', '2'), redis.set('order', '3')]);
      expect(await direct.get('order')).toBe('3');
    });
  });

  it('stays in the database that was selected', async () => {
    await throughProxy(held.lab, {}, async (redis, link, direct) => {
      await redis.select(5);
      await link.cutAfter('where', dropped);
      await redis.set('where', 'five');
      await direct.select(5);
      expect(await direct.get('where')).toBe('five');
      await link.reset();
      expect(await redis.get('where')).toBe('five');
    });
  });
});

describe('pipelines and transactions whose link breaks', () => {
  it('a pipeline settles entry by entry: the unsafe are unknown, the safe are repeated', async () => {
    await throughProxy(held.lab, {}, async (redis, link, direct) => {
      await link.cutAfter('pipe:n', dropped);
      const results = await redis.pipeline().set('pipe:s', 'x').incr('pipe:n').get('pipe:s').exec();
      expect(results?.[0]).toEqual([null, 'OK']);
      expect(outcomeOf(results?.[1]?.[0])).toBe('unknown');
      expect(results?.[2]).toEqual([null, 'x']);
      expect(await direct.get('pipe:n')).toBe('1');
    });
  });

  it('a transaction is never sent again by halves: unknown with one unsafe command, repeated whole without', async () => {
    await throughProxy(held.lab, {}, async (redis, link, direct) => {
      await link.cutAfter('tx:n', dropped);
      const unsafe = redis.multi().set('tx:s', 'x').incr('tx:n').exec();
      await expect(unsafe).rejects.toMatchObject({ outcome: 'unknown' });
      expect(['1', null]).toContain(await direct.get('tx:n'));
      await link.cutAfter('tx:safe', dropped);
      const safe = await redis.multi().set('tx:safe', 'x').sadd('tx:set', 'm').get('tx:safe').exec();
      expect(safe?.[2]).toEqual([null, 'x']);
    });
  });

  it('a transaction whose MULTI went to a connection that is gone does not run on the next', async () => {
    await throughProxy(held.lab, {}, async (redis, link, direct) => {
      await redis.multi({ pipeline: false });
      await redis.set('half:a', '1');
      await sever(redis, link);
      await expect(redis.set('half:b', '1')).rejects.toMatchObject({ code: 'HA_TRANSACTION_LOST' });
      await expect(redis.exec()).rejects.toMatchObject({ code: 'HA_TRANSACTION_LOST' });
      expect(await direct.exists('half:a', 'half:b')).toBe(0);
      expect(await redis.set('half:c', '1')).toBe('OK');
    });
  });

  it('a transaction whose WATCH is gone is refused, and the next round of it works', async () => {
    await throughProxy(held.lab, {}, async (redis, link, direct) => {
      await redis.watch('watched');
      await sever(redis, link);
      await direct.set('watched', 'by another');
      const blind = redis.multi().set('watched', 'mine').exec();
      await expect(blind).rejects.toMatchObject({ code: 'HA_TRANSACTION_LOST', outcome: 'notSent' });
      await redis.watch('watched');
      expect(await redis.get('watched')).toBe('by another');
      expect(await redis.multi().set('watched', 'mine').exec()).toEqual([[null, 'OK']]);
    });
  });
});

describe('what servers refuse', () => {
  it('carries the outcome `rejected`, and stays the error that ioredis gives', async () => {
    await throughProxy(held.lab, {}, async (redis) => {
      await redis.set('text', 'x');
      const error = await redis.incr('text').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'ReplyError', outcome: 'rejected', command: { name: 'incr' } });
    });
  });

  it('is `unknown` from inside a script, which is not rolled back', async () => {
    await throughProxy(held.lab, {}, async (redis, _link, direct) => {
      const script = "redis.call('set', KEYS[1], 'x') return redis.call('incr', KEYS[1])";
      await expect(redis.eval(script, 1, 'by-script')).rejects.toMatchObject({ outcome: 'unknown' });
      expect(await direct.get('by-script')).toBe('x');
    });
  });

  it('says of `once` how many commands were applied, also the second time', async () => {
    await throughProxy(held.lab, {}, async (redis, _link, direct) => {
      await redis.set('once:text', 'x');
      const ops = [
        ['incr', 'once:n'],
        ['incr', 'once:text'],
        ['incr', 'once:n'],
      ] as const;
      for (let round = 0; round < 2; round++) {
        const error = await redis.once(ops, { token: 'fails' }).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(OnceError);
        expect(error).toMatchObject({ applied: 1, answers: [1] });
      }
      expect(await direct.get('once:n')).toBe('1');
    });
  });

  it('waits and is sent again where it was refused by role', async () => {
    const server = await startLoneRedis();
    const redis = new HaRedis({ host: server.host, port: server.port, failoverWaitMs: 5_000, env: {} });
    const admin = new HaRedis({ host: server.host, port: server.port, env: {} });
    try {
      await Promise.all([redis.ping(), admin.ping()]);
      // The connection stays: it was a primary's a moment ago, and nobody has looked since.
      await admin.call('replicaof', '127.0.0.1', '1');
      setTimeout(() => void rawCommand(server.port, 'REPLICAOF NO ONE'), 400);
      const began = performance.now();
      const [first, second] = await Promise.all([redis.incr('refused'), redis.incr('refused')]);
      expect(performance.now() - began).toBeGreaterThan(350);
      expect([first, second]).toEqual([1, 2]);
    } finally {
      redis.disconnect();
      admin.disconnect();
      await server.stop();
    }
  });
});

describe('limits', () => {
  it('a command that waits past its deadline says so, and is not applied afterwards', async () => {
    await throughProxy(held.lab, { failoverWaitMs: 300 }, async (redis, link, direct) => {
      await link.set({ refuse: true });
      await sever(redis, link);
      const began = performance.now();
      await expect(redis.incr('late')).rejects.toMatchObject({ code: 'HA_NO_PRIMARY', outcome: 'notSent' });
      expect(performance.now() - began).toBeLessThan(2_000);
      await link.set({ refuse: false });
      expect(await redis.get('late')).toBeNull();
      expect(await direct.get('late')).toBeNull();
    });
  });

  it('a full queue fails at once, and no transaction waits by halves', async () => {
    await throughProxy(held.lab, { maxWaiting: 3, failoverWaitMs: 2_000 }, async (redis, link, direct) => {
      await link.set({ refuse: true });
      await sever(redis, link);
      const waiting = [1, 2, 3].map((n) => redis.set(`full:${n}`, 'x'));
      const full = { code: 'HA_QUEUE_FULL', outcome: 'notSent' };
      await expect(redis.set('full:4', 'x')).rejects.toMatchObject(full);
      await expect(redis.multi().set('full:5', 'x').set('full:6', 'x').exec()).rejects.toMatchObject(full);
      await link.set({ refuse: false });
      expect(await Promise.all(waiting)).toEqual(['OK', 'OK', 'OK']);
      expect(await direct.exists('full:4', 'full:5', 'full:6')).toBe(0);
    });
  });

  it('a link that goes silent while the master is well is replaced within a few silenceMs', async () => {
    const server = await startLoneRedis();
    const proxy = await startMutingProxy(server);
    const redis = new HaRedis({ host: proxy.host, port: proxy.port, silenceMs: 200, env: {} });
    try {
      await redis.set('silent', 'x');
      proxy.mute();
      const began = performance.now();
      const write = redis.incr('silent:n');
      const [read] = await Promise.all([
        redis.get('silent'),
        expect(write).rejects.toMatchObject({ outcome: 'unknown' }),
      ]);
      expect(read).toBe('x');
      expect(performance.now() - began).toBeGreaterThan(400);
      expect(performance.now() - began).toBeLessThan(2_500);
    } finally {
      redis.disconnect();
      await proxy.stop();
      await server.stop();
    }
  });

  it('no command outlives its deadline on a frozen master that nobody replaces', async () => {
    const server = await startLoneRedis();
    const options = {
      host: server.host,
      port: server.port,
      silenceMs: 200,
      failoverWaitMs: 1_500,
      dialTimeoutMs: 300,
    };
    const redis = new HaRedis({ ...options, env: {} });
    try {
      await redis.ping();
      server.process.kill('SIGSTOP');
      const began = performance.now();
      const sent = expect(redis.incr('frozen')).rejects.toMatchObject({ outcome: 'unknown' });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await expect(redis.incr('frozen')).rejects.toMatchObject({ code: 'HA_NO_PRIMARY', outcome: 'notSent' });
      expect(performance.now() - began).toBeLessThan(2_600);
      await sent;
    } finally {
      server.process.kill('SIGCONT');
      redis.disconnect();
      await server.stop();
    }
  });

  it('a link that goes silent under a blocking command is replaced once the time of that has passed', async () => {
    const server = await startLoneRedis();
    const proxy = await startMutingProxy(server);
    const redis = new HaRedis({ host: proxy.host, port: proxy.port, silenceMs: 100, env: {} });
    try {
      await redis.ping();
      const began = performance.now();
      const blocked = expect(redis.blpop('nothing', 1)).rejects.toMatchObject({ outcome: 'unknown' });
      proxy.mute();
      await blocked;
      expect(performance.now() - began).toBeGreaterThan(1_100);
      expect(performance.now() - began).toBeLessThan(3_500);
      expect(await redis.ping()).toBe('PONG');
    } finally {
      redis.disconnect();
      await proxy.stop();
      await server.stop();
    }
  });

  it('a command that may take its time is left alone', async () => {
    const server = await startLoneRedis();
    const redis = new HaRedis({ host: server.host, port: server.port, silenceMs: 100, env: {} });
    try {
      expect(await redis.blpop('nothing', 1)).toBeNull();
      expect(redis.health()).toMatchObject({ ready: true, generation: 1 });
    } finally {
      redis.disconnect();
      await server.stop();
    }
  });
});
