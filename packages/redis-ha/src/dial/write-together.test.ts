import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { writeTogether } from './write-together.ts';

/** A socket that notes what would have been handed to the system at once. */
function noting(): { socket: Socket; writes: string[] } {
  const socket = new Socket();
  const writes: string[] = [];
  socket._write = (chunk, _encoding, done): void => {
    writes.push(String(chunk));
    done();
  };
  socket._writev = (chunks, done): void => {
    writes.push(chunks.map(({ chunk }) => String(chunk)).join(''));
    done();
  };
  return { socket: writeTogether(socket), writes };
}

describe('what is written within one turn', () => {
  it('leaves in one piece and in order, also what comes of answers that came together', async () => {
    const { socket, writes } = noting();
    socket.write('a');
    socket.write('b');
    await Promise.all(['c', 'd'].map(async (chunk) => Promise.resolve().then(() => socket.write(chunk))));
    socket.write('e');
    await new Promise(setImmediate);
    socket.write('f');
    await new Promise(setImmediate);
    expect(writes).toEqual(['abcde', 'f']);
  });

  it('leaves before the end does', async () => {
    const { socket, writes } = noting();
    socket.write('a');
    socket.end('b');
    await new Promise(setImmediate);
    expect(writes.join('')).toBe('ab');
  });
});
