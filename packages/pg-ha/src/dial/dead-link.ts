import type { EventEmitter } from 'node:events';
import type { QueuedQuery } from './client-internals.ts';

/** What pg-cursor (and pg-query-stream, around one) keeps of its state. https://github.com/brianc/node-postgres/blob/master/packages/pg-cursor/index.js */
interface CursorState {
  state?: string;
  _cb?: unknown;
  cursor?: CursorState;
}

/**
 * A cursor that has seen the end of its rows takes no error any more, and a read that waits for ReadyForQuery would wait for
 * ever: on a link that is gone it must hear that it is.
 */
export function mayHearErrors(query: QueuedQuery): void {
  const given = query as CursorState;
  const cursor = given.cursor ?? given;
  if (cursor.state === 'done' && cursor._cb) cursor.state = 'busy';
}

/**
 * A cursor closes when the server is ready again, which the server of a link that is gone never says: whoever waits for that,
 * and whoever will, is answered at once. Errors have been given to those concerned before.
 */
export function answerWhoCloses(connection: EventEmitter): void {
  const answer = (): void => {
    connection.emit('readyForQuery');
  };
  process.nextTick(answer);
  connection.on('newListener', (event) => {
    if (event === 'readyForQuery') process.nextTick(answer);
  });
}
