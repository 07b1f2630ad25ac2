import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { QueuedQuery } from './client-internals.ts';
import { answerWhoCloses, mayHearErrors } from './dead-link.ts';

describe('a link that is gone', () => {
  it('answers who waits for the server to be ready, and who will', async () => {
    const connection = new EventEmitter();
    const before = once(connection, 'readyForQuery');
    answerWhoCloses(connection);
    await before;
    await once(connection, 'readyForQuery');
    expect(connection.listenerCount('readyForQuery')).toBe(0);
  });

  it.each([
    [
      'a cursor at its end with a read that waits hears the error',
      { state: 'done', _cb: () => undefined },
      'busy',
    ],
    ['one that nobody reads from is done', { state: 'done', _cb: null }, 'done'],
    ['one in the middle hears it anyway', { state: 'idle', _cb: null }, 'idle'],
  ])('%s, alone and inside a stream', (_says, cursor, state) => {
    const [alone, inside] = [{ ...cursor }, { ...cursor }];
    mayHearErrors(alone as unknown as QueuedQuery);
    mayHearErrors({ cursor: inside } as unknown as QueuedQuery);
    expect([alone.state, inside.state]).toEqual([state, state]);
  });

  it('leaves a plain statement as it is', () => {
    const query = { text: 'SELECT 1', handleError: () => undefined };
    mayHearErrors(query as unknown as QueuedQuery);
    expect(Object.keys(query)).toEqual(['text', 'handleError']);
  });
});
