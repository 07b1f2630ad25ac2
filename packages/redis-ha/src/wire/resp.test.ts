import { describe, expect, it } from 'vitest';
import { ErrorReply } from './reply.ts';
import { encodeCommand, RespReader } from './resp.ts';

const STREAM = '+OK\r\n-ERR no\r\n:42\r\n$3\r\nüx\r\n$-1\r\n*3\r\n$1\r\na\r\n*-1\r\n:-1\r\n*0\r\n';
const REPLIES = ['OK', new ErrorReply('ERR no'), 42, 'üx', null, ['a', null, -1], []];

describe('reading replies', () => {
  it('reads them in one piece', () => {
    expect(new RespReader().push(Buffer.from(STREAM))).toEqual(REPLIES);
  });

  it('reads them byte by byte', () => {
    const reader = new RespReader();
    const bytes = Buffer.from(STREAM);
    const replies = Array.from(bytes, (_, at) => reader.push(bytes.subarray(at, at + 1))).flat();
    expect(replies).toEqual(REPLIES);
  });

  it.each(['HTTP/1.1 400 Bad Request\r\n', '$abc\r\n', '*x\r\n', '$1.5\r\n', '$\r\n', '\r\n'])(
    'says so where the other end speaks something else: %j',
    (bytes) => {
      expect(() => new RespReader().push(Buffer.from(bytes))).toThrow(/does not speak the Redis protocol/);
    },
  );

  it.each([':x\r\n', ':\r\n', ':1e3\r\n', '$0x1\r\n', ':99999999999999999\r\n'])(
    'takes no number that is none: %j',
    (text) => {
      expect(() => new RespReader().push(Buffer.from(text))).toThrow(/does not speak the Redis protocol/);
    },
  );

  it('takes no endless reply', () => {
    const reader = new RespReader();
    expect(() => reader.push(Buffer.alloc(5 << 20, '$'))).toThrow(/more than/);
    expect(() => new RespReader().push(Buffer.from('*1\r\n'.repeat(20)))).toThrow(/nested/);
  });

  it('reads each part of a long reply once, in however small pieces it comes', () => {
    const count = 50_000;
    const bytes = Buffer.from(`*${count}\r\n${'$1\r\nx\r\n'.repeat(count)}`);
    const reader = new RespReader();
    const replies: unknown[] = [];
    // Read from its beginning each time, this would take minutes.
    for (let at = 0; at < bytes.length; at += 100) replies.push(...reader.push(bytes.subarray(at, at + 100)));
    expect(replies).toEqual([Array.from({ length: count }, () => 'x')]);
    expect(() =>
      reader.push(Buffer.from(`*9\r\n${'$1\r\nx\r\n'.repeat(8)}$9000000\r\n${'x'.repeat(5 << 20)}`)),
    ).toThrow(/more than/);
  });

  it('counts bytes, not characters, in what it sends', () => {
    expect(encodeCommand(['SET', 'ü', 7])).toBe('*3\r\n$3\r\nSET\r\n$2\r\nü\r\n$1\r\n7\r\n');
  });
});
