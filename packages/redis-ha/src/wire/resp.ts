import { ErrorReply, type Reply } from './reply.ts';

/** No answer to anything asked here comes near this; more means that the other end does not speak Redis. */
const MAX_PENDING_BYTES = 4 << 20;
const MAX_DEPTH = 8;
const CRLF = '\r\n';
/** A list has begun. */
const OPENED = Symbol('a list has begun');

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
  /** the lists that the next value is in, from the outermost to the innermost: what has been read is not read again */
  readonly #open: { readonly items: Reply[]; readonly length: number }[] = [];
  /** bytes of the reply that has begun, without those that wait */
  #taken = 0;

  /**
   * Takes more bytes and returns the replies that are complete now.
   * @throws Error where the bytes are no RESP2
   */
  push(chunk: Buffer): Reply[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const replies: Reply[] = [];
    for (;;) {
      this.#at = 0;
      const value = this.#read();
      if (value === undefined) break;
      this.#buffer = this.#buffer.subarray(this.#at);
      this.#taken += this.#at;
      if (value === OPENED) continue;
      const reply = this.#close(value);
      if (reply === undefined) continue;
      this.#taken = 0;
      replies.push(reply);
    }
    if (this.#taken + this.#buffer.length > MAX_PENDING_BYTES)
      throw new Error(`a reply of more than ${MAX_PENDING_BYTES} bytes`);
    return replies;
  }

  /** The next value; undefined where its end has not come yet. */
  #read(): Reply | undefined | typeof OPENED {
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
        return this.#list(number(line));
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

  #list(length: number): Reply | typeof OPENED {
    if (length < 0) return null;
    if (this.#open.length >= MAX_DEPTH) throw new Error(`a reply nested more than ${MAX_DEPTH} deep`);
    if (length === 0) return [];
    this.#open.push({ items: [], length });
    return OPENED;
  }

  /** Puts a value where it belongs. @returns the whole reply, where it was the last of it */
  #close(value: Reply): Reply | undefined {
    let whole = value;
    for (let list = this.#open.at(-1); list; list = this.#open.at(-1)) {
      list.items.push(whole);
      if (list.items.length < list.length) return undefined;
      this.#open.pop();
      whole = list.items;
    }
    return whole;
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
