/** What a server of the Redis family says. A plain string is a bulk string; pairs are a map, which RESP2 shows as a list. */
export type Reply =
  | string
  | number
  | null
  | readonly Reply[]
  | { readonly status: string }
  | { readonly error: string }
  | { readonly pairs: readonly (readonly [string, Reply])[] }
  | { readonly push: readonly Reply[] };

/** https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export function encodeReply(reply: Reply, protocol: 2 | 3 = 2): Buffer {
  return Buffer.from(encoded(reply, protocol));
}

function encoded(reply: Reply, protocol: 2 | 3): string {
  const all = (items: readonly Reply[]): string => items.map((item) => encoded(item, protocol)).join('');
  if (reply === null) return protocol === 3 ? '_\r\n' : '$-1\r\n';
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  if (isList(reply)) return `*${reply.length}\r\n${all(reply)}`;
  if ('status' in reply) return `+${reply.status}\r\n`;
  if ('error' in reply) return `-${reply.error}\r\n`;
  if ('push' in reply) return `${protocol === 3 ? '>' : '*'}${reply.push.length}\r\n${all(reply.push)}`;
  const head = protocol === 3 ? `%${reply.pairs.length}` : `*${2 * reply.pairs.length}`;
  return `${head}\r\n${all(reply.pairs.flat())}`;
}

function isList(reply: Reply): reply is readonly Reply[] {
  return Array.isArray(reply);
}

/** Puts a client's bytes together to commands. */
export class CommandReader {
  #buffer: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): string[][] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const commands: string[][] = [];
    for (let next = this.#next(); next; next = this.#next()) {
      commands.push(next.words);
      this.#buffer = this.#buffer.subarray(next.end);
    }
    return commands;
  }

  /** undefined where the end of the next command has not come yet */
  #next(): { words: string[]; end: number } | undefined {
    const head = this.#number(0);
    if (!head) return undefined;
    const words: string[] = [];
    let at = head.end;
    for (let n = 0; n < head.value; n++) {
      const length = this.#number(at);
      if (!length || this.#buffer.length < length.end + length.value + 2) return undefined;
      words.push(this.#buffer.toString('utf8', length.end, length.end + length.value));
      at = length.end + length.value + 2;
    }
    return { words, end: at };
  }

  #number(at: number): { value: number; end: number } | undefined {
    const end = this.#buffer.indexOf('\r\n', at);
    if (end < 0) return undefined;
    return { value: Number(this.#buffer.toString('latin1', at + 1, end)), end: end + 2 };
  }
}
