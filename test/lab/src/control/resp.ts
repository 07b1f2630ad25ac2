export type Reply = string | number | null | Reply[] | ReplyError;

/** An error that the server answered with. */
export class ReplyError extends Error {}

/** Reads RESP2 replies out of what has arrived; what is incomplete waits for more. */
export class RespReader {
  #buffer: Buffer<ArrayBufferLike> = Buffer.alloc(0);

  /** The replies that the new bytes complete. */
  push(chunk: Buffer): Reply[] {
    this.#buffer = this.#buffer.length > 0 ? Buffer.concat([this.#buffer, chunk]) : chunk;
    const replies: Reply[] = [];
    for (;;) {
      const parsed = parse(this.#buffer, 0);
      if (!parsed) return replies;
      replies.push(parsed.reply);
      this.#buffer = this.#buffer.subarray(parsed.next);
    }
  }
}

export function encode(command: readonly (string | number)[]): string {
  const words = command.map(String);
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

function parse(buffer: Buffer, at: number): { reply: Reply; next: number } | undefined {
  const end = buffer.indexOf('\r\n', at);
  if (end < 0) return undefined;
  const line = buffer.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (String.fromCharCode(buffer[at] ?? 0)) {
    case '+':
      return { reply: line, next };
    case '-':
      return { reply: new ReplyError(line), next };
    case ':':
      return { reply: Number(line), next };
    case '$':
      return parseBulk(buffer, Number(line), next);
    case '*':
      return parseArray(buffer, Number(line), next);
    default:
      throw new Error(`not a RESP2 reply: ${JSON.stringify(line)}`);
  }
}

function parseBulk(buffer: Buffer, length: number, at: number): { reply: Reply; next: number } | undefined {
  if (length < 0) return { reply: null, next: at };
  if (buffer.length < at + length + 2) return undefined;
  return { reply: buffer.toString('utf8', at, at + length), next: at + length + 2 };
}

function parseArray(buffer: Buffer, length: number, at: number): { reply: Reply; next: number } | undefined {
  if (length < 0) return { reply: null, next: at };
  const items: Reply[] = [];
  let next = at;
  for (let n = 0; n < length; n++) {
    const item = parse(buffer, next);
    if (!item) return undefined;
    items.push(item.reply);
    next = item.next;
  }
  return { reply: items, next };
}
