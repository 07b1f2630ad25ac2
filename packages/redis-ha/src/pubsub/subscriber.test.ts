import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Kept } from './channel-bridge.ts';
import type { StreamReader } from './stream-reader.ts';
import { Subscriber, type BridgedGap, type Listening } from './subscriber.ts';

/** A connection and a stream that do what they are told. */
function setUp(stream: boolean) {
  const connection = new EventEmitter();
  const subscribing = Promise.withResolvers<number>();
  const done = (): Promise<number> => Promise.resolve(0);
  const sent: string[][] = [];
  Object.assign(connection, {
    subscribe: (...names: string[]) => {
      sent.push(['subscribe', ...names]);
      return subscribing.promise;
    },
    unsubscribe: (...names: string[]) => {
      sent.push(['unsubscribe', ...names]);
      return done();
    },
    psubscribe: done,
    punsubscribe: done,
    quit: done,
  });
  const kept: Kept[] = [];
  const reader: StreamReader = {
    keyPrefix: '',
    read: (_stream, from) => Promise.resolve(kept.filter(({ id }) => from === '-' || id >= from)),
    newest: () => Promise.resolve(kept.at(-1)),
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
  return { connection, subscriber, subscribing, reader, kept, sent, heard, logged };
}

const GAP = { from: new Date(0), to: new Date(1), reason: 'test', channels: [], patterns: [] };

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

  it('listens again to what it let go with all the rest', async () => {
    const { connection, subscriber, subscribing, sent, heard } = setUp(true);
    subscribing.resolve(1);
    await subscriber.subscribe('a', 'b');
    await subscriber.unsubscribe();
    await subscriber.subscribe('a');
    connection.emit('message', 'a:stream', '1-0 t1 one');
    connection.emit('message', 'b:stream', '2-0 t2 two');
    expect(sent.slice(2)).toEqual([['unsubscribe'], ['subscribe', 'a:stream']]);
    expect(heard).toEqual(['a/one']);
  });

  it('does not subscribe to what was let go while it asked where the stream stands', async () => {
    const { subscriber, subscribing, reader, sent } = setUp(true);
    subscribing.resolve(1);
    const asking = Promise.withResolvers<undefined>();
    reader.newest = () => asking.promise;
    const first = subscriber.subscribe('a');
    await subscriber.unsubscribe('a');
    const second = subscriber.subscribe('a');
    asking.resolve(undefined);
    await Promise.all([first, second]);
    expect(sent).toEqual([
      ['unsubscribe', 'a:stream'],
      ['subscribe', 'a:stream'],
    ]);
  });

  it('keeps what was subscribed anew where the attempt before it fails', async () => {
    const { connection, subscriber, subscribing, reader, heard } = setUp(true);
    subscribing.resolve(1);
    const asking = Promise.withResolvers<undefined>();
    reader.newest = () => asking.promise;
    const first = subscriber.subscribe('a').catch((error: Error) => error.message);
    await subscriber.unsubscribe('a');
    reader.newest = () => Promise.resolve(undefined);
    await subscriber.subscribe('a');
    asking.reject(new Error('no answer'));
    expect(await first).toBe('no answer');
    connection.emit('message', 'a:stream', '1-0 t1 one');
    expect(heard).toEqual(['a/one']);
  });

  it('gives out nothing that it reads of a channel that was let go meanwhile', async () => {
    const { subscriber, subscribing, kept, heard } = setUp(true);
    const begun = subscriber.subscribe('a');
    await turn();
    kept.push({ id: '1-0', token: 't1', message: 'one' });
    subscribing.resolve(1);
    await subscriber.unsubscribe('a');
    await begun;
    expect(heard).toEqual([]);
  });

  it('mends nothing of a channel that it is still asking about: what is older was never missed', async () => {
    const { connection, subscriber, subscribing, reader, kept, heard } = setUp(true);
    kept.push({ id: '1-0', token: 't1', message: 'old' });
    subscribing.resolve(1);
    const newest = Promise.withResolvers<Kept | undefined>();
    reader.newest = () => newest.promise;
    const gaps: unknown[] = [];
    subscriber.on('gap', (gap) => gaps.push(gap));
    const begun = subscriber.subscribe('b');
    connection.emit('close');
    connection.emit('gap', GAP);
    await turn();
    newest.resolve(kept[0]);
    kept.push({ id: '2-0', token: 't2', message: 'new' });
    await begun;
    expect(heard).toEqual(['b/new']);
    expect(gaps).toHaveLength(1);
  });

  it('tells that something is missing of one channel also where another was broken again before it was mended', async () => {
    const { connection, subscriber, subscribing, reader } = setUp(true);
    subscribing.resolve(1);
    await subscriber.subscribe('a', 'b');
    connection.emit('message', 'a:stream', '1-0 t1 one');
    const gaps: BridgedGap[] = [];
    subscriber.on('gap', (gap) => gaps.push(gap));
    const held = Promise.withResolvers<Kept[]>();
    const trimmed = [{ id: '9-0', token: 't9', message: 'nine' }];
    reader.read = (stream) => (stream === 'a:stream' ? Promise.resolve(trimmed) : held.promise);
    for (const event of ['close', 'gap', 'close', 'gap']) {
      connection.emit(event, GAP);
      await turn();
    }
    expect(gaps).toEqual([]);
    held.resolve([]);
    await turn();
    expect(gaps).toMatchObject([{ bridged: false }]);
    connection.emit('close');
    connection.emit('gap', GAP);
    await turn();
    expect(gaps[1]).toMatchObject({ bridged: true });
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
    connection.emit('gap', GAP);
    await turn();
    expect(logged).toEqual(stream ? ['pmessage', 'gap'] : ['message', 'pmessage', 'gap']);
    expect(heard).toEqual(stream ? [] : ['b/1-0 t1 x']);
  });
});
