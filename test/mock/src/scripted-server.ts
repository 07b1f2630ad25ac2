import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Script, type Rule, type RuleInForce, type Scripted, type Step } from './script.ts';

/** One request as the client has put it. */
export interface Request {
  /** what rules match */
  readonly text: string;
}

/** The server's side of one connection, as a real server would have it. */
export interface Session<R extends Request> {
  /** Takes bytes, and returns the requests that are complete. */
  read(chunk: Buffer): R[];
  /** Carries a request out. @returns the answer; empty where there is none */
  carryOut(request: R): Buffer | Promise<Buffer>;
  /** The connection has ended. */
  ended?(): void;
}

/** The way back to the client of one connection. */
export interface Link {
  send(bytes: string | Buffer): void;
  /** ends the connection when what is to be sent has been */
  end(): void;
}

/**
 * A server on loopback that behaves like a real one but for its script: for what a real one cannot be made to do. Requests of
 * one connection are carried out one after the other.
 */
export abstract class ScriptedServer<R extends Request, S extends Session<R> = Session<R>> {
  readonly host = '127.0.0.1';
  readonly #script = new Script();
  readonly #links = new Map<Socket, ScriptedLink<R>>();
  readonly #sessions = new Map<Socket, S>();
  readonly #server: Server;
  #port = 0;
  /** connections taken so far */
  taken = 0;

  constructor() {
    this.#server = createServer((socket) => this.#take(socket));
  }

  get port(): number {
    return this.#port;
  }

  /** open connections */
  get open(): number {
    return this.#links.size;
  }

  get sessions(): readonly S[] {
    return [...this.#sessions.values()];
  }

  protected abstract session(link: Link): S;

  /** On the port it had before, where it had one. */
  async start(): Promise<this> {
    this.#server.listen(this.#port, this.host);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** From now on. */
  script(rule: Rule): Scripted {
    return this.#script.add(rule);
  }

  /** Behaves like a real server again. */
  unscript(): void {
    this.#script.clear();
  }

  /** Says something out of turn on every connection. */
  say(bytes: string | Buffer): void {
    for (const link of this.#links.values()) link.send(bytes);
  }

  /** Ends all connections; new ones are taken. */
  cut(): void {
    for (const socket of this.#links.keys()) socket.destroySoon();
  }

  /** Ends all connections, and takes no more. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #take(socket: Socket): void {
    this.taken += 1;
    socket.setNoDelay(true);
    const session = this.session({ send: (bytes) => link.send(bytes), end: () => link.end() });
    const link: ScriptedLink<R> = new ScriptedLink<R>(socket, session, this.#script);
    this.#links.set(socket, link);
    this.#sessions.set(socket, session);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#links.delete(socket);
      this.#sessions.delete(socket);
      session.ended?.();
    });
    link.begin();
  }
}

/** Works through the requests of one connection. */
class ScriptedLink<R extends Request> {
  readonly #socket: Socket;
  readonly #session: Session<R>;
  readonly #script: Script;
  readonly #requests: R[] = [];
  #working = false;
  #hung = false;
  /** so many bytes are still sent, where there is a limit */
  #left = Infinity;

  constructor(socket: Socket, session: Session<R>, script: Script) {
    this.#socket = socket;
    this.#session = session;
    this.#script = script;
  }

  begin(): void {
    const rule = this.#script.meet('connect');
    if (rule) this.#perform(rule, undefined).catch((error: unknown) => this.#failed(error));
    this.#socket.on('data', (chunk) => {
      try {
        this.#requests.push(...this.#session.read(chunk));
        if (!this.#working) this.#work().catch((error: unknown) => this.#failed(error));
      } catch (error) {
        this.#failed(error);
      }
    });
  }

  send(bytes: string | Buffer): void {
    if (!this.#socket.writable || this.#left <= 0) return;
    const all = Buffer.from(bytes);
    const passed = all.length < this.#left ? all : all.subarray(0, this.#left);
    this.#left -= all.length;
    this.#socket.write(passed);
    if (this.#left <= 0) this.#socket.destroySoon();
  }

  end(): void {
    this.#hung = true;
    setImmediate(() => this.#socket.destroySoon());
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let next = this.#requests.shift(); next; next = this.#requests.shift()) {
      if (this.#hung) break;
      const rule = this.#script.meet(next.text);
      if (rule) await this.#perform(rule, next);
      else {
        const answer = this.#session.carryOut(next);
        this.send(answer instanceof Promise ? await answer : answer);
      }
    }
    this.#working = false;
  }

  async #perform(rule: RuleInForce, request: R | undefined): Promise<void> {
    const answer = async (): Promise<Buffer> => {
      const bytes = request ? await this.#session.carryOut(request) : Buffer.alloc(0);
      rule.answerBytes = bytes.length;
      return bytes;
    };
    for (const step of rule.steps) await this.#step(step, answer);
  }

  async #step(step: Step, answer: () => Promise<Buffer>): Promise<void> {
    if (step === 'answer') return this.send(await answer());
    if (step === 'hang') this.#hung = true;
    else if (step === 'close') this.#socket.end();
    else if (step === 'reset') this.#reset();
    else if ('answerUpTo' in step) this.send((await answer()).subarray(0, step.answerUpTo));
    else if ('answerAs' in step) this.send(step.answerAs(await answer()));
    else if ('passBytes' in step) this.#limit(step.passBytes);
    else if ('send' in step) this.send(step.send);
    else if ('wait' in step) await step.wait;
    else step.run();
  }

  #limit(bytes: number): void {
    this.#left = bytes;
    if (bytes === 0) this.#socket.destroySoon();
  }

  /** What has been sent before goes out first. */
  #reset(): void {
    this.#hung = true;
    this.#socket.write('', () => this.#socket.resetAndDestroy());
  }

  #failed(error: unknown): void {
    this.#socket.destroy();
    // A fault of this server's own must not pass for one of its script's.
    queueMicrotask(() => {
      throw error;
    });
  }
}
