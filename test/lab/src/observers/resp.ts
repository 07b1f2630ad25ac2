/** RESP2, the wire protocol of Redis and Sentinel: https://redis.io/docs/latest/develop/reference/protocol-spec/ */

export class RespError extends Error {
  override name = 'RespError';
  /** The first word, e.g. READONLY, NOAUTH. */
  get prefix(): string {
    return this.message.split(' ', 1)[0] ?? '';
  }
}

export type RespValue = string | number | null | RespError | RespValue[];

const MAX_REPLY_BYTES = 1 << 20;
const CR_LF = '\r\n';

export function encodeCommand(words: readonly string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}${CR_LF}${word}${CR_LF}`);
  return `*${words.length}${CR_LF}${parts.join('')}`;
}

/** Cuts a stream of bytes into replies. */
export class RespReader {
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The replies that are complete with these bytes. Throws on bytes that are no RESP. */
  feed(bytes: Buffer): RespValue[] {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    const replies: RespValue[] = [];
    for (;;) {
      this.#at = 0;
      const reply = this.#value();
      if (reply === undefined) break;
      replies.push(reply);
      this.#buffer = this.#buffer.subarray(this.#at);
    }
    if (this.#buffer.length > MAX_REPLY_BYTES)
      throw new Error(`a reply of more than ${MAX_REPLY_BYTES} bytes`);
    return replies;
  }

  /** undefined: not complete yet. */
  #value(): RespValue | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const rest = line.slice(1);
    switch (line.charAt(0)) {
      case '+':
        return rest;
      case '-':
        return new RespError(rest);
      case ':':
        return Number(rest);
      case '$':
        return this.#bulk(Number(rest));
      case '*':
        return this.#array(Number(rest));
      default:
        throw new Error(`not a RESP reply: ${JSON.stringify(line.slice(0, 40))}`);
    }
  }

  #line(): string | undefined {
    const end = this.#buffer.indexOf(CR_LF, this.#at);
    if (end < 0) return undefined;
    const line = this.#buffer.toString('utf8', this.#at, end);
    this.#at = end + CR_LF.length;
    return line;
  }

  #bulk(length: number): string | null | undefined {
    if (length < 0) return null;
    const end = this.#at + length;
    if (this.#buffer.length < end + CR_LF.length) return undefined;
    const text = this.#buffer.toString('utf8', this.#at, end);
    this.#at = end + CR_LF.length;
    return text;
  }

  #array(length: number): RespValue[] | null | undefined {
    if (length < 0) return null;
    const values: RespValue[] = [];
    for (let index = 0; index < length; index++) {
      const value = this.#value();
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  }
}
