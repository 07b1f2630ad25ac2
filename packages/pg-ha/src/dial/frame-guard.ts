import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { untranslate, type ServerError } from './severity.ts';

/** The part of pg's Connection that puts its parser on a socket: called once for plain text, and once more for TLS. */
export interface Framed {
  attachListeners(this: unknown, stream: Pick<EventEmitter, 'on'>): void;
}

/** What is being read. */
interface Reading {
  chunk?: Buffer | undefined;
}

/**
 * Bytes that are no messages of PostgreSQL end the connection. pg-protocol throws on them in the socket's own event, where
 * nobody could catch it: the process would end. Whoever hears of an error hears of it in English.
 */
export function guardFrames(connection: EventEmitter & Framed): void {
  const attach = connection.attachListeners.bind(connection);
  const reading: Reading = {};
  connection.on('errorMessage', (error: ServerError) => untranslate(error, reading.chunk));
  connection.attachListeners = (stream) => attach(guarded(stream as Duplex, reading));
}

type Listener = (chunk: Buffer) => void;

function guarded(stream: Duplex, reading: Reading): Pick<EventEmitter, 'on'> {
  const on = (event: string, listener: Listener): unknown => {
    if (event !== 'data') return stream.on(event, listener);
    return stream.on('data', (chunk: Buffer) => {
      reading.chunk = chunk;
      try {
        listener(chunk);
      } catch (error) {
        if (!isParsers(error)) throw error; // an app's own listener has failed: that is the app's affair, as in stock pg
        stream.destroy(new Error(`the server does not speak PostgreSQL's protocol (${String(error)})`));
      } finally {
        reading.chunk = undefined;
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
