/** An error reply of a server (`-ERR …`), kept as a value: whoever asked decides what it means. */
export class ErrorReply {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }

  /** The first word: `NOAUTH`, `LOADING`, `ERR` … */
  get prefix(): string {
    return this.message.split(' ', 1)[0] ?? '';
  }
}

/** A RESP2 reply. Bulk strings are read as UTF-8: nothing that is asked here is binary. */
export type Reply = string | number | null | ErrorReply | Reply[];

/** A flat list of names and values (`SENTINEL MASTER`) as a map; undefined where the reply is something else. */
export function fieldsOf(reply: Reply | undefined): ReadonlyMap<string, string> | undefined {
  if (!Array.isArray(reply)) return undefined;
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < reply.length; i += 2) fields.set(textOf(reply[i]), textOf(reply[i + 1]));
  return fields;
}

/** A plain reply as text; empty for anything that is none. */
export function textOf(reply: Reply | undefined): string {
  return typeof reply === 'string' || typeof reply === 'number' ? String(reply) : '';
}
