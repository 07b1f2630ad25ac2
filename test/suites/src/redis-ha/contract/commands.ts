import { Command } from 'ioredis';
import { called, collect, outcome, type Step, type Defined } from './support.ts';

/** Each shows a part of what programs and libraries rely on; its result must be the same from both clients. */
export const commandSteps: Record<string, Step> = {
  async 'values, callbacks and Buffers'(open) {
    const redis = open({ db: 3 });
    return [
      await redis.set('k', 'v'),
      await redis.get('k'),
      await redis.get('none'),
      await redis.getBuffer('k'),
      await redis.set('bytes', Buffer.from([0, 255, 1])),
      await redis.getBuffer('bytes'),
      await called((callback) => redis.get('k', callback)),
      await called((callback) => redis.incr('k', callback)),
      await redis.call('set', 'x', '1'),
      await redis.call('get', ['x']),
      await redis.callBuffer('get', 'x'),
      await redis.mget('k', 'x', 'none'),
      await redis.exists('k', 'x'),
      redis.options.db,
      redis.mode,
    ];
  },

  async 'error replies'(open) {
    const redis = open();
    await redis.set('text', 'x');
    return [
      await outcome(redis.incr('text')),
      await outcome(redis.call('nonsense', 'a')),
      await outcome(redis.get('a', 'b' as never)),
      await outcome(redis.eval('return redis.error_reply("MINE it is")', 0)),
    ];
  },

  async 'a friendly stack names the caller'(open) {
    const redis = open({ showFriendlyErrorStack: true });
    await redis.set('text', 'x');
    const error = (await outcome(redis.incr('text'))) as Error;
    return error.stack?.includes('contract');
  },

  async pipelines(open) {
    const redis = open();
    const pipeline = redis.pipeline().set('a', '1').incr('a').lpush('a', 'x').get('a');
    return [
      pipeline.length,
      await pipeline.exec(),
      await redis
        .pipeline([
          ['set', 'b', '2'],
          ['getBuffer', 'b'],
          ['get', 'none'],
        ])
        .exec(),
      await called((callback) =>
        redis
          .pipeline()
          .get('b')
          .exec(callback as never),
      ),
      await redis.pipeline().exec(),
      await new Promise((resolve) => {
        const heard: unknown[] = [];
        void redis
          .pipeline()
          .get('b', (error, value) => heard.push(error, value))
          .exec(() => resolve(heard));
      }),
    ];
  },

  async transactions(open) {
    const redis = open();
    const other = open();
    const results: unknown[] = [
      await redis.multi().set('a', '1').incr('a').get('a').exec(),
      await redis
        .multi([
          ['set', 'b', '1'],
          ['get', 'b'],
        ])
        .exec(),
      await redis.multi().set('a', 'x').incr('a').exec(),
      await outcome(redis.multi().set('a', '1').call('nonsense').exec()),
      await redis.multi({ pipeline: false }),
      await redis.set('c', '1'),
      await redis.get('c'),
      await redis.exec(),
      await redis.multi({ pipeline: false }),
      await redis.set('c', '2'),
      await redis.discard(),
      await redis.get('c'),
    ];
    await redis.watch('w');
    await other.set('w', 'changed');
    results.push(await redis.multi().set('w', 'mine').exec(), await redis.get('w'));
    results.push(await redis.watch('w'), await redis.unwatch());
    results.push(await outcome(redis.exec()));
    return results;
  },

  async 'scripts, and NOSCRIPT after a flush'(open, admin) {
    const lua = 'return {KEYS[1], ARGV[1], redis.call("incr", KEYS[1])}';
    const redis = open({ keyPrefix: 'p:', scripts: { given: { lua, numberOfKeys: 1 } } }) as Defined;
    redis.defineCommand('count', { lua, numberOfKeys: 1 });
    redis.defineCommand('free', { lua: 'return #KEYS' });
    const results: unknown[] = [await redis['count']?.('n', 'x')];
    await admin.script('FLUSH');
    results.push(await redis['count']?.('n', 'y'), await redis['given']?.('n', 'z'));
    results.push(await redis['countBuffer']?.('n', 'b'), await redis['free']?.(2, 'a', 'b'));
    await admin.script('FLUSH');
    const piped = redis.pipeline() as unknown as {
      count(...args: string[]): typeof piped;
      exec(): Promise<unknown>;
    };
    results.push(await piped.count('n', '1').count('n', '2').exec());
    await admin.script('FLUSH');
    const multi = redis.multi() as unknown as typeof piped;
    results.push(await multi.count('n', '3').exec());
    results.push(
      await outcome(redis.evalsha('f'.repeat(40), 0)),
      await called((callback) => redis['count']?.('n', 'c', callback)),
    );
    return results;
  },

  async streams(open) {
    const redis = open();
    const reader = open();
    const waiting = reader.xread('BLOCK', 2_000, 'STREAMS', 's', '$');
    await new Promise((resolve) => setTimeout(resolve, 50));
    return [
      await redis.xadd('s', '1-1', 'a', '1', 'b', '2'),
      await waiting,
      await redis.xadd('s', '1-2', 'a', '3'),
      await redis.xrange('s', '-', '+'),
      await redis.xlen('s'),
      await redis.xgroup('CREATE', 's', 'g', '0'),
      await redis.xreadgroup('GROUP', 'g', 'me', 'COUNT', 1, 'STREAMS', 's', '>'),
      await redis.xack('s', 'g', '1-1'),
      await redis.xpending('s', 'g'),
      await redis.xread('STREAMS', 's', '9-9'),
      await outcome(redis.xadd('s', '1-1', 'a', '1')),
    ];
  },

  async 'blocking commands'(open) {
    const [redis, waiter] = [open(), open()];
    const popped = waiter.blpop('l', 'l2', 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return [
      await redis.rpush('l2', 'x'),
      await popped,
      await waiter.bzpopmin('z', 0.05),
      await waiter.blpopBuffer('l', 0.05),
    ];
  },

  async 'key prefixes'(open, admin) {
    const redis = open({ keyPrefix: 'app:' });
    return [
      await redis.mset({ a: '1', b: '2' }),
      await redis.mget('a', 'b'),
      await redis.pipeline().set('c', '3').get('c').exec(),
      await redis.zadd('z', 1, 'x'),
      await redis.zunionstore('u', 2, 'z', 'z'),
      (await redis.keys('*')).toSorted(),
      (await admin.keys('*')).toSorted(),
      await redis.del('a', 'b'),
      await redis.sort('none', 'BY', 'w_*', 'GET', '#'),
    ];
  },

  async 'transformers of arguments and replies'(open) {
    const redis = open();
    return [
      await redis.hset('h', { a: 1, b: 'two' }),
      await redis.hset('h', new Map([['c', '3']])),
      await redis.hgetall('h'),
      await redis.hgetall('none'),
      await redis.mset(new Map([['x', '1']])),
      await redis.pipeline().hgetall('h').exec(),
      await redis.hgetallBuffer('h'),
      await redis.zadd('z', 1.5, 'm'),
      await redis.zrange('z', '0', '-1', 'WITHSCORES'),
      await redis.zscore('z', 'm'),
      await redis.config('GET', 'maxmemory'),
      await redis.geoadd('g', '13.361389', '38.115556', 'p'),
      await redis.smembers('none'),
    ];
  },

  async 'transformers of the program’s own'(open) {
    Command.setArgumentTransformer('sdiff', (keys) => keys.map((key) => `own:${String(key)}`));
    Command.setReplyTransformer('sdiff', (reply) => ['transformed', reply]);
    const redis = open();
    await redis.sadd('own:s', 'x');
    return [await redis.sdiff('s', 't'), await redis.pipeline().sdiff('s', 't').exec()];
  },

  async 'numbers as strings'(open) {
    const redis = open({ stringNumbers: true });
    await redis.set('big', '9007199254740993');
    return [await redis.incr('big'), await redis.incrby('n', 2), await redis.hincrby('h', 'f', 3)];
  },

  async 'scan streams'(open) {
    const redis = open();
    const pipeline = redis.pipeline();
    for (let n = 0; n < 30; n++)
      pipeline.set(`k${n}`, n).hset('h', `f${n}`, n).sadd('s', n).zadd('z', n, `m${n}`);
    await pipeline.exec();
    return [
      await collect(redis.scanStream({ match: 'k*', count: 5 })),
      await collect(redis.scanBufferStream({ match: 'k1*' })),
      await collect(redis.hscanStream('h', { count: 5 })),
      await collect(redis.sscanStream('s')),
      await collect(redis.zscanStream('z', { match: 'm1*' })),
    ];
  },

  async 'automatic pipelining'(open) {
    const redis = open({ enableAutoPipelining: true, keyPrefix: 'p:' });
    await redis.set('text', 'x');
    const answers = await Promise.all([
      redis.set('a', '1'),
      redis.incr('a'),
      outcome(redis.incr('text')),
      redis.get('a'),
      redis.hgetall('none'),
      called((callback) => redis.get('a', callback)),
    ]);
    return [answers, redis.autoPipelineQueueSize, await Promise.all([redis.getBuffer('a'), redis.ping()])];
  },
};
