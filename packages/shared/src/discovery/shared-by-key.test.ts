import { describe, expect, it } from 'vitest';
import { SharedByKey } from './shared-by-key.ts';

function setup(): { shared: SharedByKey<{ made: number }>; made: () => number; closed: number[] } {
  const closed: number[] = [];
  let made = 0;
  const shared = new SharedByKey<{ made: number }>((thing) => Promise.resolve(void closed.push(thing.made)));
  return { shared, closed, made: () => (made += 1) };
}

describe('SharedByKey', () => {
  it('makes one thing a key', () => {
    const { shared, made } = setup();
    const make = (): { made: number } => ({ made: made() });
    const [a, b, other] = ['x', 'x', 'y'].map((key) => shared.acquire(key, make));
    expect(a?.thing).toBe(b?.thing);
    expect(other?.thing).not.toBe(a?.thing);
  });

  it('closes it when the last has given it back, and makes a new one after that', async () => {
    const { shared, made, closed } = setup();
    const make = (): { made: number } => ({ made: made() });
    const [a, b] = [shared.acquire('x', make), shared.acquire('x', make)];
    await a.release();
    await a.release();
    expect(closed).toEqual([]);
    await b.release();
    expect(closed).toEqual([1]);
    expect(shared.size).toBe(0);
    expect(shared.acquire('x', make).thing.made).toBe(2);
  });

  it('keeps nothing of a thing that could not be made', () => {
    const { shared, made } = setup();
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() => shared.acquire('x', fail)).toThrow('no');
    expect(shared.size).toBe(0);
    expect(shared.acquire('x', () => ({ made: made() })).thing.made).toBe(1);
  });
});
