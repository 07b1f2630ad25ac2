import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Subject } from '../faults/campaign-fault.ts';
import type { ClientStatus, FromClient, Job, LoadResult, ToClient } from './messages.ts';

/** A machine that has much else to do takes its time to start a process. */
const OPEN_MS = 90_000;
const HALT_SLACK_MS = 5_000;

/** The handle on a client in a process of its own. */
export class ClientProcess implements Subject {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<(message: FromClient | 'exit') => void>();
  #status: ClientStatus = { newestWriteBegan: 0, open: 0 };
  #stderr = '';

  /** Resolves once the client has connected and done each kind of work once. */
  static async open(job: Job): Promise<ClientProcess> {
    const client = new ClientProcess(job.client);
    try {
      client.#send({ ask: 'open', job });
      await client.#next('opened', OPEN_MS);
      return client;
    } catch (error) {
      client.kill();
      throw error;
    }
  }

  private constructor(name: string) {
    this.name = name;
    // The same module runs as source and as build output: its sibling has the same ending.
    const main = fileURLToPath(new URL(`./client-main${import.meta.url.slice(-3)}`, import.meta.url));
    this.#child = fork(main, [], { execArgv: [], stdio: ['ignore', 2, 'pipe', 'ipc'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      if (this.#stderr.length < 4_000) this.#stderr += chunk.toString();
    });
    this.#child.on('message', (message: FromClient) => {
      if (message.tell === 'status') this.#status = message.status;
      else for (const look of this.#waiting) look(message);
    });
    this.#child.on('exit', () => {
      for (const look of this.#waiting) look('exit');
    });
    this.#child.on('error', () => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get status(): ClientStatus {
    return this.#status;
  }

  /** What it wrote to stderr, its beginning. */
  get stderr(): string {
    return this.#stderr;
  }

  load(): void {
    this.#send({ ask: 'load' });
  }

  /** Ends the load, waits for open calls at most `drainMs`, and ends the process. */
  async halt(drainMs: number): Promise<LoadResult> {
    this.#send({ ask: 'halt', drainMs });
    const { result } = await this.#next('halted', drainMs + HALT_SLACK_MS);
    return result;
  }

  suspend(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  block(ms: number): void {
    this.#send({ ask: 'block', ms });
  }

  shiftClock(ms: number): void {
    this.#send({ ask: 'clock', ms });
  }

  begin(kind: string, count: number): void {
    this.#send({ ask: 'begin', kind, count });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #send(message: ToClient): void {
    if (!this.#child.connected) throw new Error(`${this.name} has ended: ${this.#stderr}`);
    this.#child.send(message);
  }

  #next<T extends FromClient['tell']>(tell: T, timeoutMs: number): Promise<FromClient & { tell: T }> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (error) reject(error);
      };
      const look = (message: FromClient | 'exit'): void => {
        if (message === 'exit') end(new Error(`${this.name} ended: ${this.#stderr}`));
        else if (message.tell === 'failed') end(new Error(`${this.name}: ${message.error}`));
        else if (message.tell === tell) {
          end();
          resolve(message as FromClient & { tell: T });
        }
      };
      const timer = setTimeout(
        () => end(new Error(`${this.name} was not ${tell} within ${timeoutMs} ms: ${this.#stderr}`)),
        timeoutMs,
      );
      this.#waiting.add(look);
    });
  }
}
