import { describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { DnsResolver } from './dns-resolver.ts';

/** What each lookup answers in turn, and what the watcher makes of it. */
const rows: { what: string; answers: string[][]; moves: number; wakes: number }[] = [
  { what: 'the same address again is no news', answers: [['a'], ['a']], moves: 0, wakes: 0 },
  {
    what: 'the same addresses in another order are no news',
    answers: [
      ['a', 'b'],
      ['b', 'a'],
    ],
    moves: 0,
    wakes: 0,
  },
  { what: 'another address wakes, and is a move', answers: [['a'], ['b']], moves: 1, wakes: 1 },
  { what: 'an address more wakes, and is no move', answers: [['a'], ['a', 'b']], moves: 0, wakes: 1 },
  { what: 'an address less wakes, and is no move', answers: [['a', 'b'], ['b']], moves: 0, wakes: 1 },
  { what: 'there and back again are two moves', answers: [['a'], ['b'], ['a']], moves: 2, wakes: 2 },
  {
    what: 'a name without an address for a moment forgets nothing',
    answers: [['a'], [], ['a']],
    moves: 0,
    wakes: 0,
  },
];

describe('DnsResolver', () => {
  for (const { what, answers, moves, wakes } of rows) {
    it(what, async () => {
      const left = [...answers];
      const find = (): Promise<string[]> => Promise.resolve(left.shift() ?? []);
      const resolver = new DnsResolver({
        hostname: 'db.example',
        find,
        clock: new ManualClock(),
        watchMs: 1_000,
      });
      const heard: string[] = [];
      resolver.watch((reason) => heard.push(reason));
      const looks = [];
      for (const _ of answers) looks.push((await resolver.look(1_000)).moves);
      expect([looks.at(-1), heard.length]).toEqual([moves, wakes]);
    });
  }

  it('does not go back to what an older lookup finds that answers last', async () => {
    const open: ((addresses: string[]) => void)[] = [];
    const find = (): Promise<string[]> => new Promise((resolve) => open.push(resolve));
    const clock = new ManualClock();
    const resolver = new DnsResolver({ hostname: 'db.example', find, clock, watchMs: 1_000 });
    const heard: string[] = [];
    resolver.watch((reason) => heard.push(reason));
    const first = resolver.look(1_000);
    open.shift()?.(['a']);
    await first;
    const [older, younger] = [resolver.look(1_000), resolver.look(1_000)];
    open[1]?.(['b']);
    const moved = { addresses: ['b'], moves: 1 };
    expect(await younger).toEqual(moved);
    open[0]?.(['a']);
    expect([await older, heard.length]).toEqual([moved, 1]);
    resolver.close();
  });

  it('settles in time where the system’s resolver does not', async () => {
    const clock = new ManualClock();
    const find = (): Promise<string[]> => new Promise(() => undefined);
    const resolver = new DnsResolver({ hostname: 'db.example', find, clock, watchMs: 1_000 });
    const asked = resolver.resolve(500);
    const refused = expect(asked).rejects.toThrow('no name server answered within 500 ms');
    await clock.advance(500);
    await refused;
  });

  it('has no more than two lookups under way where no name server answers, and asks again when they have ended', async () => {
    const clock = new ManualClock();
    const open: ((addresses: string[]) => void)[] = [];
    const find = (): Promise<string[]> => new Promise((resolve) => open.push(resolve));
    const resolver = new DnsResolver({ hostname: 'db.example', find, clock, watchMs: 1_000 });
    resolver.watch(() => undefined);
    for (let round = 0; round < 20; round++) {
      void resolver.resolve(100).catch(() => undefined);
      await clock.advance(500);
    }
    expect(open.length).toBe(2);
    const last = resolver.look(100);
    for (const answer of open.splice(0)) answer(['a']);
    expect((await last).addresses).toEqual(['a']);
    void resolver.look(100);
    expect(open.length).toBe(1);
    resolver.close();
  });

  it('is not led back by a name server that answers an older question late', async () => {
    const open: ((addresses: string[]) => void)[] = [];
    const find = (): Promise<string[]> => new Promise((resolve) => open.push(resolve));
    const resolver = new DnsResolver({
      hostname: 'db.example',
      find,
      clock: new ManualClock(),
      watchMs: 1_000,
    });
    const begun = resolver.look(1_000);
    open.shift()?.(['a']);
    await begun;
    const [older, younger] = [resolver.look(1_000), resolver.look(1_000)];
    open[1]?.(['b']);
    expect(await younger).toEqual({ addresses: ['b'], moves: 1 });
    open[0]?.(['a']);
    expect(await older).toEqual({ addresses: ['b'], moves: 1 });
  });

  it('looks closely for a while after each question of the monitor, then every second again', async () => {
    const clock = new ManualClock();
    let address = 'a';
    let lookups = 0;
    const find = (): Promise<string[]> => {
      lookups += 1;
      return Promise.resolve([address]);
    };
    const resolver = new DnsResolver({ hostname: 'db.example', find, clock, watchMs: 1_000 });
    const heard: string[] = [];
    resolver.watch((reason) => heard.push(reason));
    // A search asks again before the close look ends: a change is seen within 20 ms all the time.
    for (let round = 0; round < 10; round++) {
      await resolver.resolve(1_000);
      await clock.advance(100);
    }
    expect(lookups).toBeGreaterThanOrEqual(50);
    expect(lookups).toBeLessThanOrEqual(60);
    address = 'b';
    await clock.advance(20);
    expect(heard).toEqual(['db.example points to b now']);
    await clock.advance(200);
    lookups = 0;
    await clock.advance(5_000);
    expect(lookups).toBeLessThanOrEqual(5);
    resolver.close();
  });

  it('waits for one look before the next while it looks closely', async () => {
    const clock = new ManualClock();
    let lookups = 0;
    const find = (): Promise<string[]> => {
      lookups += 1;
      return lookups === 1 ? Promise.resolve(['a']) : new Promise(() => undefined);
    };
    const resolver = new DnsResolver({ hostname: 'db.example', find, clock, watchMs: 1_000 });
    resolver.watch(() => undefined);
    await resolver.resolve(1_000);
    await clock.advance(1_000);
    expect(lookups).toBe(2);
    resolver.close();
  });

  it('looks at the name by itself while it is watched, whatever the monitor does', async () => {
    const clock = new ManualClock();
    let address = 'a';
    let lookups = 0;
    const find = (): Promise<string[]> => {
      lookups += 1;
      return lookups === 2 ? Promise.reject(new Error('SERVFAIL')) : Promise.resolve([address]);
    };
    const resolver = new DnsResolver({ hostname: 'db.example', find, clock, watchMs: 1_000 });
    const heard: string[] = [];
    resolver.watch((reason) => heard.push(reason));
    await clock.advance(2_000);
    address = 'b';
    await clock.advance(1_000);
    expect(heard).toEqual(['db.example points to b now']);
    resolver.close();
    await clock.advance(10_000);
    expect([lookups, clock.pending]).toEqual([3, 0]);
  });
});
