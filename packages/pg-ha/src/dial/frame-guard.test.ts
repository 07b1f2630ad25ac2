import { PassThrough } from 'node:stream';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { guardFrames, type Framed } from './frame-guard.ts';

/** A connection of pg's that reads from a stream of ours. */
function reading(): { stream: PassThrough; connection: pg.Connection } {
  const connection = new pg.Connection({ stream: () => new PassThrough() } as never);
  const stream = new PassThrough();
  guardFrames(connection as unknown as Framed);
  (connection as unknown as Framed).attachListeners(stream);
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
});
