import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { encodeCommand, RespError, RespReader, type RespValue } from './resp.ts';

export interface RespLogin {
  username?: string;
  /** Empty: no AUTH. */
  password: string;
}

interface Waiting {
  resolve(value: RespValue): void;
  reject(error: Error): void;
}

/** One connection to a Redis or Sentinel server: no retries, no queue but the wire's own. */
export class RespConnection {
  readonly #socket: Socket;
  readonly #login: RespLogin;
  readonly #reader = new RespReader();
  readonly #waiting: Waiting[] = [];

  constructor(host: string, port: number, login: RespLogin) {
    this.#login = login;
    this.#socket = createConnection({ host, port, noDelay: true });
    this.#socket.on('data', (bytes) => this.#onData(bytes));
    this.#socket.on('error', (error) => this.#failAll(error));
    this.#socket.on('close', () => this.#failAll(new Error('the connection was closed')));
  }

  get connected(): boolean {
    return !this.#socket.pending;
  }

  async open(): Promise<void> {
    await once(this.#socket, 'connect');
    const { username, password } = this.#login;
    if (password === '') return;
    const [answer] = await this.send([
      username === undefined ? ['AUTH', password] : ['AUTH', username, password],
    ]);
    if (answer instanceof RespError) throw answer;
  }

  /** Sends commands in one write; an error reply is a value here. Rejects when the connection breaks. */
  send(commands: readonly (readonly string[])[]): Promise<RespValue[]> {
    if (this.#socket.destroyed) return Promise.reject(new Error('the connection was closed'));
    const replies = commands.map(
      () => new Promise<RespValue>((resolve, reject) => this.#waiting.push({ resolve, reject })),
    );
    this.#socket.write(commands.map(encodeCommand).join(''));
    return Promise.all(replies);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onData(bytes: Buffer): void {
    try {
      for (const reply of this.#reader.feed(bytes)) this.#waiting.shift()?.resolve(reply);
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  #failAll(error: Error): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }
}
