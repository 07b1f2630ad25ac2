import type { Request, Session } from '../scripted-server.ts';
import { CommandReader, encodeReply, type Reply } from './resp.ts';

/** `text` is the command's words, with a space between them and the name (and a subcommand) as the client wrote it. */
export interface RespRequest extends Request {
  readonly words: readonly string[];
}

/** One connection of a client that speaks RESP. */
export abstract class RespSession implements Session<RespRequest> {
  protocol: 2 | 3 = 2;
  readonly #reader = new CommandReader();

  read(chunk: Buffer): RespRequest[] {
    return this.#reader.read(chunk).map((words) => ({ words, text: words.join(' ') }));
  }

  carryOut({ words }: RespRequest): Buffer {
    const [name = '', ...args] = words;
    return this.encode(this.answer(name.toUpperCase(), args));
  }

  encode(reply: Reply): Buffer {
    return encodeReply(reply, this.protocol);
  }

  protected abstract answer(name: string, args: readonly string[]): Reply;
}
