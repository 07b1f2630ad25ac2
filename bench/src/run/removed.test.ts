import { describe, expect, it } from 'vitest';
import { removed } from './removed.ts';

describe('what a run has made', () => {
  const made = { from: 'main', what: 'schema s_kv' };

  it('is removed without a word', async () => {
    expect(await removed({ ...made, remove: () => Promise.resolve() })).toEqual([]);
  });

  it.each([
    ['cannot be removed', () => Promise.reject(new Error('the server is gone')), 'the server is gone'],
    ['is not removed in time', () => new Promise<never>(() => undefined), 'not done within 1 ms'],
  ])('is named where it %s', async (_, remove, why) => {
    const line = `Not removed from main: schema s_kv (${why}). Remove them by hand.`;
    expect(await removed({ ...made, remove }, 1)).toEqual([line]);
  });
});
