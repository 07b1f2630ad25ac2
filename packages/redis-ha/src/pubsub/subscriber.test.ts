import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { StreamReader } from './stream-reader.ts';
import { Subscriber, type Listening } from './subscriber.ts';

/** A connection and a stream that do what they are told. */
function setUp(stream: boolean) {
  const connection = new EventEmitter();
  const subscribing = Promise.withResolvers<number>();
  const done = (): Promise<number> => Promise.resolve(0);
  Object.assign(connection, {
    subscribe: () => subscribing.promise,
    unsubscribe: done,
    psubscribe: done,
    punsubscribe: done,
    quit: done,
  });
  const reader: StreamReader = {
    keyPrefix: '',
    read: () => Promise.resolve([]),
    newest: () => Promise.resolve(undefined),
  };
  const logged: string[] = [];
  const log = { error: ({ of }: { of: string }) => logged.push(of), warn: () => undefined };
  const subscriber = new Subscriber(
    connection as unknown as Listening,
    reader,
    { stream },
    () => log as never,
  );
  const heard: string[] = [];
  subscriber.on('message', (channel, message) => heard.push(`${channel}/${message}`));
  return { connection, subscriber, subscribing, heard, logged };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a subscriber', () => {
  it('that bridges gives out messages, and nothing of its own wire once it listens no more', async () => {
    const { connection, subscriber, subscribing, heard } = setUp(true);
    subscribing.resolve(1);
    await subscriber.subscribe('a');
    connection.emit('message', 'a:stream', '1-0 t1 one');
    const unsubscribed = subscriber.unsubscribe('a');
    connection.emit('message', 'a:stream', '2-0 t2 two');
    await unsubscribed;
    expect(heard).toEqual(['a/one']);
  });

  it('is subscribed for everybody who asks when it is, and not before', async () => {
    const { subscriber, subscribing } = setUp(true);
    let done = 0;
    const asked = [1, 2].map(() => subscriber.subscribe('a').then(() => (done += 1)));
    await turn();
    expect(done).toBe(0);
    subscribing.resolve(1);
    await Promise.all(asked);
  });

  it.each([true, false])('with stream: %s goes on where its listeners throw', async (stream) => {
    const { connection, subscriber, heard, logged } = setUp(stream);
    for (const event of ['message', 'pmessage', 'gap'] as const)
      subscriber.on(event, () => {
        throw new Error('a listener');
      });
    connection.emit('message', 'b', '1-0 t1 x');
    connection.emit('pmessage', 'b*', 'b', 'x');
    connection.emit('gap', {
      from: new Date(0),
      to: new Date(1),
      reason: 'test',
      channels: [],
      patterns: [],
    });
    await turn();
    expect(logged).toEqual(stream ? ['pmessage', 'gap'] : ['message', 'pmessage', 'gap']);
    expect(heard).toEqual(stream ? [] : ['b/1-0 t1 x']);
  });
});
