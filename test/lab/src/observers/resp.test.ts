import { describe, expect, it } from 'vitest';
import { encodeCommand, RespError, RespReader } from './resp.ts';

const WIRE =
  '+OK\r\n-READONLY no\r\n:42\r\n$5\r\nhe\r\no\r\n$-1\r\n*3\r\n$1\r\na\r\n*1\r\n:1\r\n*-1\r\n*0\r\n';
const VALUES = ['OK', new RespError('READONLY no'), 42, 'he\r\no', null, ['a', [1], null], []];

describe('the RESP reader', () => {
  it('reads every kind of reply', () => {
    expect(new RespReader().feed(Buffer.from(WIRE))).toEqual(VALUES);
  });

  it('reads the same from chunks of any size', () => {
    for (let size = 1; size <= 9; size++) {
      const reader = new RespReader();
      const values = [];
      for (let from = 0; from < WIRE.length; from += size) {
        values.push(...reader.feed(Buffer.from(WIRE.slice(from, from + size))));
      }
      expect(values).toEqual(VALUES);
    }
  });

  it('refuses bytes that are no reply, and replies without end', () => {
    expect(() => new RespReader().feed(Buffer.from('HTTP/1.1 400\r\n'))).toThrow(
      'not a RESP reply: "HTTP/1.1 400"',
    );
    expect(() => new RespReader().feed(Buffer.alloc((1 << 20) + 1, '+'))).toThrow('more than 1048576 bytes');
  });

  it('knows the first word of an error', () => {
    expect(new RespError('NOAUTH Authentication required.').prefix).toBe('NOAUTH');
  });
});

it('encodes a command with the length of each word in bytes', () => {
  expect(encodeCommand(['SET', 'ä'])).toBe('*2\r\n$3\r\nSET\r\n$2\r\nä\r\n');
});
