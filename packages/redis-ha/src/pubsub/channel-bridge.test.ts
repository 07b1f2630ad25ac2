import { describe, expect, it } from 'vitest';
import { ChannelBridge, type Kept } from './channel-bridge.ts';

const kept = (n: number): Kept => ({ id: `${n}-0`, token: `t${n}`, message: `m${n}` });
const range = (from: number, to: number): Kept[] =>
  Array.from({ length: to - from + 1 }, (_, at) => kept(from + at));

/** A stream that is read as Redis would. */
function reading(stream: readonly Kept[], onRead: () => void = () => undefined) {
  return (from: string, count: number): Promise<readonly Kept[]> => {
    const first = from === '-' ? -1 : Number(from.split('-')[0]);
    const page = stream.filter(({ id }) => Number(id.split('-')[0]) >= first).slice(0, count);
    onRead();
    return Promise.resolve(page);
  };
}

async function live(newest: Kept | undefined): Promise<{ bridge: ChannelBridge; given: string[] }> {
  const given: string[] = [];
  const bridge = new ChannelBridge(({ message }) => given.push(message));
  bridge.begin(newest);
  expect(await bridge.catchUp(reading(newest ? [newest] : []))).toBe(true);
  return { bridge, given };
}

const names = (from: number, to: number): string[] => range(from, to).map(({ message }) => message);

describe('a channel with a stream beside it', () => {
  it('begins with what comes after the newest entry', async () => {
    const { bridge, given } = await live(kept(5));
    for (const each of range(6, 8)) bridge.hear(each);
    expect(given).toEqual(names(6, 8));
  });

  it.each<[string, number, number]>([
    ['a few messages', 10, 12],
    ['more than a page', 10, 1_600],
  ])('reads %s that it missed, once each and in order', async (_, from, to) => {
    const { bridge, given } = await live(kept(5));
    for (const each of range(6, 9)) bridge.hear(each);
    bridge.pause();
    expect(await bridge.catchUp(reading(range(1, to)))).toBe(true);
    bridge.hear(kept(to));
    bridge.hear(kept(to + 1));
    expect(given).toEqual(names(6, to + 1));
    expect(from).toBe(10);
  });

  it('gives what is heard while it reads after what it reads', async () => {
    const { bridge, given } = await live(kept(5));
    bridge.pause();
    bridge.hear(kept(8));
    const read = reading(range(1, 9), () => {
      bridge.hear(kept(9));
      bridge.hear(kept(10));
    });
    expect(await bridge.catchUp(read)).toBe(true);
    expect(given).toEqual(names(6, 10));
  });

  it('says so where what it missed has been trimmed', async () => {
    const { bridge, given } = await live(kept(5));
    bridge.pause();
    expect(await bridge.catchUp(reading(range(300, 400)))).toBe(false);
    expect(given).toEqual(names(300, 400));
  });

  it('says so too where what is left of the stream takes more than a page', async () => {
    const { bridge, given } = await live(kept(5));
    for (const each of range(6, 10)) bridge.hear(each);
    bridge.pause();
    expect(await bridge.catchUp(reading(range(2_001, 3_000)))).toBe(false);
    expect(given).toEqual([...names(6, 10), ...names(2_001, 3_000)]);
  });

  it.each<[string, (bridge: ChannelBridge) => void, string | undefined]>([
    ['is broken again', (bridge) => bridge.pause(), undefined],
    [
      'fails',
      () => {
        throw new Error('no');
      },
      'no',
    ],
  ])('says so at the end where a reading that came too late %s in the middle', async (_, happens, ends) => {
    const { bridge } = await live(kept(5));
    bridge.pause();
    let pages = 0;
    const stream = range(2_001, 3_000);
    const read = reading(stream, () => {
      pages += 1;
      if (pages === 2) happens(bridge);
    });
    const first = bridge.catchUp(async (from, count) => read(from, count));
    expect(await first.catch((error: Error) => error.message)).toBe(ends);
    expect(await bridge.catchUp(reading(stream))).toBe(false);
    bridge.pause();
    expect(await bridge.catchUp(reading(stream))).toBe(true);
  });

  it('knows a short stream that was empty to be whole, and of a long one it does not', async () => {
    const [short, long] = [await live(undefined), await live(undefined)];
    short.bridge.pause();
    long.bridge.pause();
    expect(await short.bridge.catchUp(reading(range(1, 50)))).toBe(true);
    expect(await long.bridge.catchUp(reading(range(1, 150)))).toBe(false);
    expect(short.given).toEqual(names(1, 50));
  });

  it('gives nothing twice where the tail was lost and published again under other ids', async () => {
    const { bridge, given } = await live(kept(5));
    for (const each of range(6, 9)) bridge.hear(each);
    bridge.pause();
    // The new primary has 1 to 7; 8 and 9 come again, 10 is new, and its clock is a little behind.
    const again = [
      { ...kept(8), id: '8-1' },
      { ...kept(9), id: '8-2' },
      { ...kept(10), id: '8-3' },
    ];
    expect(await bridge.catchUp(reading([...range(1, 7), ...again]))).toBe(true);
    expect(given).toEqual(names(6, 10));
  });

  it('loses nothing that it has heard where the stream cannot be read', async () => {
    const { bridge, given } = await live(kept(5));
    bridge.pause();
    bridge.hear(kept(8));
    for (let tries = 0; tries < 2; tries++) {
      const failing = bridge.catchUp(() => {
        bridge.hear(kept(9 + tries));
        return Promise.reject(new Error('no'));
      });
      await expect(failing).rejects.toThrow('no');
    }
    bridge.goLive();
    bridge.hear(kept(11));
    expect(given).toEqual(names(8, 11));
  });

  it('leaves it to the next reading where it is broken again meanwhile', async () => {
    const { bridge, given } = await live(kept(5));
    bridge.pause();
    expect(await bridge.catchUp(reading(range(1, 7), () => bridge.pause()))).toBeUndefined();
    expect(given).toEqual([]);
    expect(await bridge.catchUp(reading(range(1, 7)))).toBe(true);
    expect(given).toEqual(names(6, 7));
  });
});
