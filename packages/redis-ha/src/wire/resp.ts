import { ErrorReply, type Reply } from './reply.ts';

/** No answer to anything asked here comes near this; more means that the other end does not speak Redis. */
const MAX_PENDING_BYTES = 4 << 20;
const MAX_DEPTH = 8;
const CRLF = '\r\n';

/** A command as the server reads it: an array of bulk strings. */
export function encodeCommand(args: readonly (string | number)[]): string {
  const parts = args.map((arg) => `$${Buffer.byteLength(String(arg))}${CRLF}${arg}${CRLF}`);
  return `*${args.length}${CRLF}${parts.join('')}`;
}

/**
 * Reads RESP2 replies from a stream of bytes, for the few questions that are asked beside ioredis: roles, the sentinels'
 * view, their notifications. https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export class RespReader {
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  /**
   * Takes more bytes and returns the replies that are complete now.
   * @throws Error where the bytes are no RESP2
   */
  push(chunk: Buffer): Reply[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const replies: Reply[] = [];
    for (;;) {
      this.#at = 0;
      const reply = this.#read(0);
      if (reply === undefined) break;
      replies.push(reply);
      this.#buffer = this.#buffer.subarray(this.#at);
    }
    if (this.#buffer.length > MAX_PENDING_BYTES)
      throw new Error(`a reply of more than ${MAX_PENDING_BYTES} bytes`);
    return replies;
  }

  /** One reply from `#at` on; undefined where its end has not come yet. */
  #read(depth: number): Reply | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return rest;
      case '-':
        return new ErrorReply(rest);
      case ':':
        return number(line);
      case '$':
        return this.#bulk(number(line));
      case '*':
        return this.#array(number(line), depth);
      default:
        throw notRedis(line);
    }
  }

  #line(): string | undefined {
    const end = this.#buffer.indexOf(CRLF, this.#at);
    if (end === -1) return undefined;
    const line = this.#buffer.toString('utf8', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #bulk(length: number): Reply | undefined {
    if (length < 0) return null;
    const end = this.#at + length;
    if (this.#buffer.length < end + 2) return undefined;
    const value = this.#buffer.toString('utf8', this.#at, end);
    this.#at = end + 2;
    return value;
  }

  #array(length: number, depth: number): Reply | undefined {
    if (length < 0) return null;
    if (depth >= MAX_DEPTH) throw new Error(`a reply nested more than ${MAX_DEPTH} deep`);
    const items: Reply[] = [];
    for (let i = 0; i < length; i++) {
      const item = this.#read(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}

/** What follows the mark, which must be a whole number: reading on from anything else would find no end. */
function number(line: string): number {
  const value = Number(line.slice(1));
  if (/^.[+-]?\d{1,19}$/.test(line) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  throw notRedis(line);
}

function notRedis(line: string): Error {
  return new Error(`the server does not speak the Redis protocol (it sent '${line.slice(0, 40)}')`);
}
