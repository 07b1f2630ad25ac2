import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { pino, type Logger } from 'pino';

/** Everything that a person or a program might get to see of something, as one text. */
export function shown(what: unknown): string {
  return [
    inspect(what, { depth: 20, maxStringLength: null, maxArrayLength: null }),
    json(what),
    causes(what),
  ].join('\n');
}

/** A logger at the level that says most, and what it has written. */
export function listeningLogger(): { logger: Logger; lines: () => string } {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { logger: pino({ level: 'trace' }, stream), lines: () => lines.join('') };
}

function json(what: unknown): string {
  try {
    return JSON.stringify(what) ?? '';
  } catch (error) {
    return String(error); // a circle, as in stock pg and ioredis
  }
}

function causes(what: unknown): string {
  const texts: string[] = [];
  for (let error = what; error instanceof Error && texts.length < 20; error = error.cause)
    texts.push(error.message, error.stack ?? '', json(Object.fromEntries(Object.entries(error))));
  return texts.join('\n');
}
