import { once } from 'node:events';
import type { RedisOptions } from 'ioredis';
import { events, killed, outcome, type Step } from './support.ts';

/** As `commandSteps`, of connections, subscriptions and events: each result must be the same from both clients. */
export const connectionSteps: Record<string, Step> = {
  async 'publish and subscribe'(open) {
    const [redis, subscriber] = [open(), open()];
    const heard: unknown[] = [];
    subscriber.on('message', (...words) => heard.push(['message', ...words]));
    subscriber.on('messageBuffer', (...words) => heard.push(['messageBuffer', ...words]));
    subscriber.on('pmessage', (...words) => heard.push(['pmessage', ...words]));
    const results: unknown[] = [
      await subscriber.subscribe('a', 'b'),
      await subscriber.psubscribe('a*'),
      await redis.publish('a', 'one'),
      await redis.publish('b', Buffer.from([255])),
      await redis.publish('none', 'x'),
      await outcome(subscriber.ping()),
      subscriber.mode,
    ];
    for (let tries = 0; heard.length < 5 && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    results.push(
      heard,
      await subscriber.unsubscribe('a'),
      await subscriber.punsubscribe('a*'),
      await subscriber.unsubscribe('b'),
    );
    results.push(subscriber.mode, await subscriber.set('after', '1'));
    return results;
  },

  async 'a command that a subscriber may not run'(open) {
    const subscriber = open({ protocol: 2 } as RedisOptions);
    await subscriber.subscribe('a');
    return outcome(subscriber.get('x'));
  },

  async 'subscriptions are made again after a lost link'(open, admin) {
    const subscriber = open({ connectionName: 'me' });
    const heard: unknown[] = [];
    subscriber.on('message', (...words) => heard.push(words));
    await subscriber.subscribe('a');
    await killed(subscriber, admin);
    for (let tries = 0; (await admin.publish('a', 'again')) === 0 && tries < 200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    for (let tries = 0; heard.length === 0 && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return heard[0];
  },

  async duplicates(open) {
    const redis = open({ db: 2, keyPrefix: 'p:', connectionName: 'mine' });
    const [copy, other] = [redis.duplicate(), redis.duplicate({ db: 4 })];
    await redis.set('k', 'v');
    const results = [
      await copy.get('k'),
      await other.get('k'),
      copy.options.db,
      other.options.db,
      copy.options.keyPrefix,
      await copy.client('GETNAME'),
      copy.constructor === redis.constructor,
    ];
    copy.disconnect();
    other.disconnect();
    return results;
  },

  async 'what is given before the connection stands is sent in order'(open) {
    const redis = open({ lazyConnect: true });
    const { status } = redis;
    const answers = await Promise.all([
      redis.rpush('l', 'a'),
      redis.rpush('l', 'b'),
      redis.lrange('l', 0, -1),
    ]);
    return [status, answers, redis.status];
  },

  async 'events and states of one connection'(open) {
    const redis = open({ lazyConnect: true });
    const heard = events(redis);
    const before = redis.status;
    await redis.connect();
    const again = await outcome(redis.connect());
    const results = [before, redis.status, again, await redis.select(1), redis.options.db];
    const ended = once(redis, 'end');
    results.push(await redis.quit());
    await ended;
    results.push(await outcome(redis.get('a')), redis.status, heard);
    return results;
  },

  async 'a client that was disconnected can be connected again'(open) {
    const redis = open();
    await once(redis, 'ready');
    const heard = events(redis);
    const ended = once(redis, 'end');
    redis.disconnect();
    await ended;
    await redis.connect();
    return [await redis.ping(), redis.status, heard];
  },

  async 'events and states around a lost link'(open, admin) {
    const redis = open({ connectionName: 'me', db: 5 });
    await once(redis, 'ready');
    const heard = events(redis);
    await killed(redis, admin);
    return [
      await redis.set('back', '1'),
      await admin.select(5),
      await admin.get('back'),
      await admin.select(0),
      heard,
    ];
  },

  async 'disconnect with reconnecting'(open) {
    const redis = open();
    await once(redis, 'ready');
    const heard = events(redis);
    const ready = once(redis, 'ready');
    redis.disconnect(true);
    await ready;
    return [await redis.ping(), heard];
  },

  async monitor(open) {
    const redis = open();
    const monitor = await redis.monitor();
    const heard: unknown[] = [];
    monitor.on('monitor', (time: string, args: string[], source: string, database: string) =>
      heard.push([typeof time, args, source.startsWith('127.0.0.1:'), database]),
    );
    await redis.set('watched', '1');
    for (let tries = 0; heard.length === 0 && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const results = [heard[0], monitor.status];
    monitor.disconnect();
    return results;
  },

  async 'options that are passed on'(open) {
    const redis = open({ connectionName: 'named', commandTimeout: 100 });
    const late = await outcome(redis.blpop('none', 1));
    return [await redis.client('GETNAME'), late, redis.options.commandTimeout, typeof redis.options.host];
  },

  async 'listeners and iterators'(open) {
    const redis = open();
    const [first] = await Promise.all([once(redis, 'ready'), redis.ping()]);
    return [
      first,
      redis.listenerCount('error'),
      typeof redis.addBuiltinCommand,
      redis.getBuiltinCommands().length > 100,
    ];
  },
};
