import { HaError } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import { take, takeHost, type TakeHost, type TakeOptions } from './take.ts';

const lost = (): HaError => new HaError('HA_CONNECTION_LOST', 'lost', { outcome: 'unknown' });

/** Lists in memory, and what each BLMOVE is to become of: done, done with its answer lost, or lost before it was done. */
function setUp(courses: ('done' | 'answer lost' | 'lost' | 'empty')[], list = ['b', 'a']) {
  const clock = new ManualClock();
  const lists = { list: [...list], own: [] as string[] };
  const timeouts: number[] = [];
  const move = async (...words: [...string[], timeoutS: number]): Promise<string | null> => {
    timeouts.push(words.at(-1) as number);
    const course = courses.shift() ?? 'empty';
    if (course === 'lost') throw lost();
    if (course === 'empty') {
      await clock.advance(60_000);
      return null;
    }
    const value = lists.list.pop() ?? null;
    if (value !== null) lists.own.unshift(value);
    if (course === 'answer lost') throw lost();
    return value;
  };
  const host: TakeHost = {
    clock,
    first: () => Promise.resolve(lists.own[0] ?? null),
    use: (work) => work({ blmove: move }),
    remove: (_, value) => {
      const at = lists.own.indexOf(value);
      if (at !== -1) lists.own.splice(at, 1);
      return Promise.resolve(at === -1 ? 0 : 1);
    },
  };
  return {
    host,
    clock,
    timeouts,
    lists,
    take: (options: TakeOptions = {}) => take(host, 'list', 'own', options),
  };
}

describe('taking an element', () => {
  it.each<[string, Parameters<typeof setUp>[0]]>([
    ['the answer comes', ['done']],
    ['the answer is lost', ['answer lost']],
    ['the command is lost, again and again', ['lost', 'lost', 'lost', 'done']],
  ])('gives it once where %s', async (_, courses) => {
    const { lists, take: next } = setUp(courses);
    const got = await next();
    expect(got?.value).toBe('a');
    expect(lists).toEqual({ list: ['b'], own: ['a'] });
    expect(await got?.done()).toBe(true);
    expect(await got?.done()).toBe(false);
    expect(lists).toEqual({ list: ['b'], own: [] });
  });

  it('gives what was taken before and never done first', async () => {
    const { lists, take: next } = setUp(['done']);
    lists.own.push('old');
    expect((await next())?.value).toBe('old');
    expect(lists.list).toEqual(['b', 'a']);
  });

  it('ends with its time', async () => {
    expect(await setUp([]).take()).toBeNull();
    expect(await setUp([]).take({ waitMs: 0 })).toBeNull();
    expect(await setUp(['lost', 'done']).take({ waitMs: 0 })).toBeNull();
  });

  it('takes what is there without waiting, where it is to wait for nothing', async () => {
    const { timeouts, take: next } = setUp(['done']);
    expect((await next({ waitMs: 0 }))?.value).toBe('a');
    expect(timeouts).toEqual([0.01]);
  });

  it('takes what is there also where the look at its own list has taken all of its time', async () => {
    const { host, clock } = setUp(['done']);
    const slow = { ...host, first: () => clock.advance(10_000).then(() => null) };
    expect((await take(slow, 'list', 'own', { waitMs: 5_000 }))?.value).toBe('a');
  });

  it.each([
    ['another database than its options name', 2, ['select 2', 'blmove', 'select 2', 'blmove']],
    ['that of its options', 0, ['blmove', 'blmove']],
  ])('moves where the client looks and removes: with %s selected', async (_, db, expected) => {
    const sent: string[] = [];
    const answers = [null, 'a'];
    const lent = {
      select: (selected: number) => Promise.resolve(void sent.push(`select ${selected}`)),
      blmove: () => Promise.resolve((sent.push('blmove'), answers.shift() ?? null)),
    };
    const client = {
      lindex: () => Promise.resolve(null),
      use: <T>(work: (own: typeof lent) => Promise<T>) => work(lent),
      once: () => Promise.resolve([1]),
    };
    await take(takeHost(client, new ManualClock(), { db, ownDb: 0 }), 'list', 'own', {});
    expect(sent).toEqual(expected);
  });

  it('ends by its signal, and refuses wrong times', async () => {
    const stopped = setUp(['lost']).take({ signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'HA_ABORTED' });
    await expect(setUp([]).take({ waitMs: -1 })).rejects.toMatchObject({ code: 'HA_CONFIG' });
  });

  it('passes on what is no lost connection', async () => {
    const refused = { ...setUp([]), error: new HaError('HA_NO_PRIMARY', 'none', { outcome: 'notSent' }) };
    const host = {
      clock: new ManualClock(),
      first: () => Promise.resolve(null),
      use: () => Promise.reject(refused.error),
      remove: () => Promise.resolve(0),
    };
    await expect(take(host, 'list', 'own', {})).rejects.toBe(refused.error);
  });
});
