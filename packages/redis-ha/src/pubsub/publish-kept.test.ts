import { describe, expect, it } from 'vitest';
import type { OnceHost } from '../once/once.ts';
import { publishKept, type Published, type PublishOptions } from './publish-kept.ts';

/** A server that has published whatever it is sent: under which proof, and what. */
function setUp(failoverWaitMs = 1_000) {
  const sent: { proof: string; stream: string; ttlMs: number; published: string[] }[] = [];
  const host: OnceHost = {
    keyPrefix: '',
    failoverWaitMs,
    defined: () => undefined,
    send({ args }) {
      const [, , proof = '', stream = '', ttlMs, ...published] = args.map(String);
      sent.push({ proof, stream, ttlMs: Number(ttlMs), published });
      return [0, [[Buffer.from('7-0'), 2]]];
    },
  };
  const publish = (channel: string, options: PublishOptions = {}): Promise<Published> =>
    publishKept(host, channel, 'message', options);
  return { sent, publish };
}

describe('publishing a message that is kept', () => {
  it('tells its id and who heard it', async () => {
    expect(await setUp().publish('a')).toEqual({ id: '7-0', receivers: 2 });
  });

  it('is proven by channel and token together, while the message carries the token as it was given', async () => {
    const { sent, publish } = setUp();
    for (const channel of ['a', 'b', 'a']) await publish(channel, { token: 't' });
    const [first, elsewhere, again] = sent;
    expect(first).toMatchObject({ stream: 'a:stream', published: ['a', 'message', '1000', 't'] });
    expect(elsewhere).toMatchObject({ stream: 'b:stream', published: ['b', 'message', '1000', 't'] });
    expect(elsewhere?.proof).not.toBe(first?.proof);
    expect(again).toEqual(first);
  });

  it('never meets the proof of `once` with the same token', async () => {
    const { sent, publish } = setUp();
    await publish('a', { token: 't' });
    expect(sent[0]?.proof).not.toBe('ha:once:t');
  });

  it.each([
    [0, 60_000],
    [30_000, 60_000],
    [30_000.5, 60_001],
    [120_000, 240_000],
    [3_600_000, 7_200_000],
  ])(
    'with failoverWaitMs %d keeps the proof for %i ms: for as long as repeats may come',
    async (ms, ttlMs) => {
      const { sent, publish } = setUp(ms);
      await publish('a');
      expect(sent.map((one) => one.ttlMs)).toEqual([ttlMs]);
    },
  );

  it('takes the longest channel with the longest token', async () => {
    const { publish } = setUp();
    await expect(publish('c'.repeat(10_000), { token: 't'.repeat(200) })).resolves.toBeDefined();
  });

  it.each<[string, PublishOptions]>([
    ['keep', { keep: 99 }],
    ['token', { token: 'a b' }],
    ['token', { token: '' }],
    ['token', { token: 't'.repeat(201) }],
  ])('refuses a wrong %s', async (name, options) => {
    const { sent, publish } = setUp();
    const message: unknown = expect.stringContaining(`publishKept: ${name}`);
    await expect(publish('a', options)).rejects.toMatchObject({ code: 'HA_CONFIG', message });
    expect(sent).toEqual([]);
  });
});
