import { HaRedis, outcomeOf } from '@steadfast/redis-ha';
import { Redis } from 'ioredis';

/** What a program sees of its client, on a server at the port it is given: printed, to be compared between drivers. */
const redis = new HaRedis({ host: '127.0.0.1', port: Number(process.argv[2]), db: 2, env: {} });
const killer = redis.duplicate();
const seen: unknown[] = [redis instanceof Redis];
const look = async (work: Promise<unknown>): Promise<void> => {
  seen.push(
    await work.then(undefined, (error: Error) => [error.name, outcomeOf(error), error.message.split(' ')[0]]),
  );
};
/** The first command reaches the server, the answer does not reach us. */
const cut = async (work: () => Promise<unknown>): Promise<void> => {
  await killer.call('client', 'pause', '200', 'all');
  const result = look(work());
  setTimeout(() => redis.stream.destroy(), 50);
  await result;
};

await look(redis.set('a', '1'));
await look(redis.pipeline().incr('a').get('a').exec());
await look(redis.multi().incr('a').get('a').exec());
await look(redis.hgetall('nothing'));
await look(redis.set('text', 'x').then(() => redis.incr('text')));
await cut(() => redis.incr('a'));
await cut(() => redis.get('text'));
await cut(() => redis.multi().set('b', '1').incr('c').exec());
await cut(() =>
  redis.once(
    [
      ['incr', 'n'],
      ['rpush', 'l', 'x'],
    ],
    { token: 't' },
  ),
);
await look(redis.durable([['incr', 'd']], { replicas: 1, timeoutMs: 10 }));
await look(redis.mget('n', 'b'));
redis.defineCommand('twice', { numberOfKeys: 1, lua: "return redis.call('incrby', KEYS[1], 2)" });
await look((redis as unknown as { twice(key: string): Promise<unknown> }).twice('two'));
await look(redis.once({ script: 'twice', keys: ['two'] }, { token: 'twice' }));
await look(
  redis.use(async (own) => {
    await own.watch('two');
    return own.multi().incr('two').exec();
  }),
);
await look(redis.withLock('lock', {}, (lock) => lock.fencing > 1e15));
const apart = redis.duplicate({ blocking: 'dedicated' });
const popped = apart.blpop('queue', 5);
await look(apart.rpush('queue', 'x'));
await look(popped);
await look(apart.reader.get('two'));
await look(apart.quit());
const bridging = redis.subscriber({ stream: true });
const bridged: string[] = [];
bridging.on('message', (...words) => bridged.push(words.slice(0, 2).join()));
const gap = new Promise((resolve) => bridging.on('gap', (news) => resolve([news.channels, news.bridged])));
await bridging.subscribe('kept');
await redis.publishKept('kept', '1');
await killer.call('client', 'kill', 'type', 'pubsub');
await redis.publishKept('kept', '2');
await look(gap);
await look(Promise.resolve(bridged));
await look(bridging.close());
const subscriber = redis.duplicate();
const heard = new Promise((resolve) => subscriber.on('message', (...words: string[]) => resolve(words)));
await look(subscriber.subscribe('news'));
subscriber.stream.destroy();
for (let n = 0; n < 200 && (await redis.publish('news', 'x')) === 0; n++)
  await new Promise((resolve) => setTimeout(resolve, 10));
await look(heard);
await look(subscriber.quit());
await look(killer.quit());
await look(redis.quit());
console.log(JSON.stringify(seen));
