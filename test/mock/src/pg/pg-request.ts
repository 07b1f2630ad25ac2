import type { Request } from '../scripted-server.ts';

/** One statement, as a text of its own and with the values of its placeholders. */
export interface Statement {
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** One message of the extended protocol that is answered. */
export interface ExtendedStep {
  readonly is: 'parse' | 'bind' | 'describe' | 'execute';
  readonly statement: Statement;
}

/** What a client of PostgreSQL asks for. `text` is the word, or the SQL. */
export type PgRequest = Request &
  (
    | { readonly is: 'ssl' | 'startup' | 'query' | 'terminate' | 'other' }
    | { readonly is: 'cancel'; readonly pid: number; readonly secret: number }
    | { readonly is: 'extended'; readonly steps: readonly ExtendedStep[] }
  );

const SSL_REQUEST = 80_877_103;
const CANCEL_REQUEST = 80_877_102;

/** Puts a client's bytes together to requests; what an extended query sends up to its Sync is one. */
export class PgRequestReader {
  #buffer: Buffer = Buffer.alloc(0);
  #started = false;
  readonly #texts = new Map<string, string>();
  #steps: ExtendedStep[] = [];
  #bound: Statement = { text: '', values: [] };

  read(chunk: Buffer): PgRequest[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const requests: PgRequest[] = [];
    for (;;) {
      const lengthAt = this.#started ? 1 : 0;
      if (this.#buffer.length < lengthAt + 4) return requests;
      const end = lengthAt + this.#buffer.readInt32BE(lengthAt);
      if (this.#buffer.length < end) return requests;
      const letter = this.#started ? this.#buffer.toString('latin1', 0, 1) : '';
      const body = this.#buffer.subarray(lengthAt + 4, end);
      this.#buffer = this.#buffer.subarray(end);
      const request = letter === '' ? this.#first(body) : this.#message(letter, body);
      if (request) requests.push(request);
    }
  }

  #first(body: Buffer): PgRequest {
    const code = body.readInt32BE(0);
    if (code === SSL_REQUEST) return { is: 'ssl', text: 'ssl' };
    if (code === CANCEL_REQUEST)
      return { is: 'cancel', text: 'cancel', pid: body.readInt32BE(4), secret: body.readInt32BE(8) };
    this.#started = true;
    return { is: 'startup', text: 'startup' };
  }

  #message(letter: string, body: Buffer): PgRequest | undefined {
    switch (letter) {
      case 'Q':
        return { is: 'query', text: textAt(body, 0) };
      case 'X':
        return { is: 'terminate', text: 'terminate' };
      case 'P':
        return this.#parse(body);
      case 'B':
        return this.#bind(body);
      case 'D':
        return this.#step('describe', this.#bound);
      case 'E':
        return this.#step('execute', this.#bound);
      case 'S':
        return this.#sync();
      default:
        return { is: 'other', text: letter };
    }
  }

  #step(is: ExtendedStep['is'], statement: Statement): undefined {
    this.#steps.push({ is, statement });
  }

  #sync(): PgRequest {
    const steps = this.#steps;
    this.#steps = [];
    const executed = steps.filter(({ is }) => is === 'execute');
    return { is: 'extended', text: executed.map(({ statement }) => statement.text).join('; '), steps };
  }

  #parse(body: Buffer): undefined {
    const name = textAt(body, 0);
    const text = textAt(body, Buffer.byteLength(name) + 1);
    this.#texts.set(name, text);
    this.#step('parse', { text, values: [] });
  }

  #bind(body: Buffer): undefined {
    const portal = textAt(body, 0);
    const name = textAt(body, Buffer.byteLength(portal) + 1);
    let at = Buffer.byteLength(portal) + Buffer.byteLength(name) + 2;
    at += 2 + 2 * body.readInt16BE(at); // formats
    const values = Array.from({ length: body.readInt16BE(at) }, () => '' as string | null);
    at += 2;
    for (const index of values.keys()) {
      const length = body.readInt32BE(at);
      at += 4;
      values[index] = length < 0 ? null : body.toString('utf8', at, at + length);
      at += Math.max(0, length);
    }
    this.#bound = { text: this.#texts.get(name) ?? '', values };
    this.#step('bind', this.#bound);
  }
}

function textAt(body: Buffer, at: number): string {
  return body.toString('utf8', at, body.indexOf(0, at));
}
