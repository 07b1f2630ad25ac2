import { PassThrough } from 'node:stream';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { guardFrames, type Framed } from './frame-guard.ts';

/** A connection of pg's that reads from a stream of ours. */
function reading(): { stream: PassThrough; connection: pg.Connection } {
  const connection = new pg.Connection({ stream: () => new PassThrough() } as never);
  const stream = new PassThrough();
  guardFrames(connection as pg.Connection & Framed);
  (connection as pg.Connection & Framed).attachListeners(stream);
  return { stream, connection };
}

const unknownAuthentication = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 99]);
const notice = Buffer.from([0x4e, 0, 0, 0, 5, 0]);

describe('bytes from a server', () => {
  it('end the connection where they are no messages', async () => {
    const { stream } = reading();
    const ended = new Promise((resolve) => stream.once('error', resolve));
    stream.write(unknownAuthentication);
    expect(String(await ended)).toContain('does not speak PostgreSQL');
    expect(stream.destroyed).toBe(true);
  });

  it('are messages whose hearers’ own errors stay theirs', () => {
    const { stream, connection } = reading();
    connection.on('notice', () => {
      throw new Error('the app has failed');
    });
    const [listener] = stream.listeners('data') as ((chunk: Buffer) => void)[];
    expect(() => listener?.(notice)).toThrow('the app has failed');
    expect(stream.destroyed).toBe(false);
  });

  it.each([
    ['ВАЖНО', 'FATAL'],
    ['致命错误', 'FATAL'],
    ['PANIK', 'PANIC'],
    ['ОШИБКА', 'ERROR'],
  ])('are errors whose severity is in English, behind whatever else: %s is %s', (word, severity) => {
    const { stream, connection } = reading();
    const heard: unknown[] = [];
    connection.on('errorMessage', (error: { severity?: string }) => heard.push(error.severity));
    const [listener] = stream.listeners('data') as ((chunk: Buffer) => void)[];
    const error = errorOf(word, severity);
    listener?.(Buffer.concat([notice, error, errorOf('ERREUR', 'ERROR'), error]));
    expect(heard).toEqual([severity, 'ERROR', severity]);
  });

  it('are errors as they are said where nothing is said in English, or in pieces', () => {
    const { stream, connection } = reading();
    const heard: unknown[] = [];
    connection.on('errorMessage', (error: { severity?: string }) => heard.push(error.severity));
    const [listener] = stream.listeners('data') as ((chunk: Buffer) => void)[];
    listener?.(errorOf('FEHLER'));
    const torn = errorOf('FEHLER', 'ERROR');
    listener?.(torn.subarray(0, 9));
    listener?.(torn.subarray(9));
    expect(heard).toEqual(['FEHLER', 'FEHLER']);
  });
});

function errorOf(word: string, severity?: string): Buffer {
  const fields = [`S${word}`, ...(severity ? [`V${severity}`] : []), 'C57P01', 'Mgone', ''];
  const body = Buffer.from(`${fields.join('\0')}\0`);
  const head = Buffer.from('E....');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
