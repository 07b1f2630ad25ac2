import type { Socket } from 'node:net';
import { endpointKey, within, type Clock, type Endpoint } from '@steadfast/shared';
import { Full, saysFull } from './full.ts';
import { openSocket, type SocketOptions } from './open-socket.ts';
import type { Reply } from './reply.ts';
import { encodeCommand, RespReader } from './resp.ts';

interface Question {
  answers: Reply[];
  missing: number;
  resolve(answers: Reply[]): void;
  reject(error: Error): void;
}

/**
 * One connection for questions beside the data: roles, the sentinels' view, their notifications. No retries and no queue of
 * its own; when it ends, whatever was asked ends with it.
 */
export class WireConnection {
  readonly endpoint: Endpoint;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #reader = new RespReader();
  readonly #questions: Question[] = [];
  #pushed: ((reply: Reply) => void) | undefined;
  #ended: Error | undefined;

  private constructor(socket: Socket, endpoint: Endpoint, clock: Clock) {
    this.#socket = socket;
    this.endpoint = endpoint;
    this.#clock = clock;
    socket.on('data', this.#onData);
    socket.on('error', this.#onError);
    socket.once('close', this.#onClose);
  }

  static async open(options: SocketOptions): Promise<WireConnection> {
    const socket = await openSocket(options);
    return new WireConnection(socket, options.endpoint, options.clock);
  }

  get open(): boolean {
    return this.#ended === undefined;
  }

  /** Where whoever answers is; undefined once the connection has ended. */
  get address(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** Does not keep the process alive. */
  unref(): this {
    this.#socket.unref();
    return this;
  }

  /**
   * Sends commands in one write and resolves with their replies, error replies among them.
   * @throws where the connection ends or `timeoutMs` passes; after that it cannot be used any more
   */
  ask(commands: readonly (readonly (string | number)[])[], timeoutMs: number): Promise<Reply[]> {
    if (this.#ended) return Promise.reject(this.#ended);
    const answers = new Promise<Reply[]>((resolve, reject) => {
      this.#questions.push({ answers: [], missing: commands.length, resolve, reject });
      this.#socket.write(commands.map(encodeCommand).join(''));
    });
    return within(this.#clock, timeoutMs, answers, () => {
      const late = new Error(`${endpointKey(this.endpoint)} did not answer within ${timeoutMs} ms`);
      this.destroy(late);
      return late;
    });
  }

  /** From here on every reply goes to `listener`: the connection has subscribed. */
  listen(commands: readonly (readonly (string | number)[])[], listener: (reply: Reply) => void): void {
    this.#pushed = listener;
    this.send(commands);
  }

  send(commands: readonly (readonly (string | number)[])[]): void {
    if (!this.#ended) this.#socket.write(commands.map(encodeCommand).join(''));
  }

  /** Calls `listener` once when the connection has ended, whoever ended it. */
  onEnd(listener: () => void): void {
    this.#socket.once('close', listener);
  }

  /** Gives the socket away, paused and with no listener but one for errors; this object is done with. */
  release(): Socket {
    this.#socket.removeListener('data', this.#onData);
    this.#socket.removeListener('error', this.#onError);
    this.#socket.removeListener('close', this.#onClose);
    this.#socket.pause();
    this.#ended = new Error('the socket has been handed over');
    return this.#socket;
  }

  destroy(reason: Error = new Error('the connection was closed')): void {
    this.#end(reason);
    this.#socket.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      for (const reply of this.#reader.push(chunk)) this.#deliver(reply);
    } catch (error) {
      this.destroy(error as Error);
    }
  };

  readonly #onError = (error: Error): void => this.#end(error);

  readonly #onClose = (): void => this.#end(new Error(`${endpointKey(this.endpoint)} closed the connection`));

  #deliver(reply: Reply): void {
    if (this.#pushed) return this.#pushed(reply);
    const question = this.#questions[0];
    if (!question) return;
    question.answers.push(reply);
    question.missing -= 1;
    if (question.missing > 0) return;
    this.#questions.shift();
    question.resolve(question.answers);
  }

  #end(reason: Error): void {
    const last = this.#questions[0]?.answers.at(-1);
    this.#ended ??= saysFull(last) ? new Full(this.endpoint, last.message) : reason;
    for (const question of this.#questions.splice(0)) question.reject(this.#ended);
  }
}
