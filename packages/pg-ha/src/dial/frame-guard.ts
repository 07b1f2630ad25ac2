import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';

/** The part of pg's Connection that puts its parser on a socket: called once for plain text, and once more for TLS. */
export interface Framed {
  attachListeners(this: unknown, stream: Pick<EventEmitter, 'on'>): void;
}

/**
 * Bytes that are no messages of PostgreSQL end the connection. pg-protocol throws on them in the socket's own event, where
 * nobody could catch it: the process would end.
 */
export function guardFrames(connection: Framed): void {
  const attach = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) => attach(guarded(stream as Duplex));
}

type Listener = (chunk: Buffer) => void;

function guarded(stream: Duplex): Pick<EventEmitter, 'on'> {
  const on = (event: string, listener: Listener): unknown => {
    if (event !== 'data') return stream.on(event, listener);
    return stream.on('data', (chunk: Buffer) => {
      try {
        listener(chunk);
      } catch (error) {
        if (!isParsers(error)) throw error; // an app's own listener has failed: that is the app's affair, as in stock pg
        stream.destroy(new Error(`the server does not speak PostgreSQL's protocol (${String(error)})`));
      }
    });
  };
  return { on } as Pick<EventEmitter, 'on'>;
}

/** Thrown where messages are read, and not by those who hear of them. */
function isParsers(error: unknown): boolean {
  const { stack = '' } = error as { stack?: string };
  const thrower = stack.split('\n').find((line) => /^\s+at /.test(line) && !line.includes('node:'));
  return thrower?.includes('pg-protocol') === true;
}
