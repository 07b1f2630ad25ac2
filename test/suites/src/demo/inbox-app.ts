import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

const INBOX = join(import.meta.dirname, '../../../../examples/inbox/dist');
const START_MS = 15_000;

type Env = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** The inbox app in a process of its own. */
export class InboxApp {
  readonly #child: ChildProcess;
  readonly #origin: string;

  private constructor(child: ChildProcess, origin: string) {
    this.#child = child;
    this.#origin = origin;
  }

  static async migrate(env: Env): Promise<void> {
    await promisify(execFile)(process.execPath, [join(INBOX, 'migrate.js')], { env: withPath(env) });
  }

  static async start(env: Env): Promise<InboxApp> {
    const child = spawnServer(env);
    let printed = '';
    const origin = await new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the app did not listen:\n${printed}`)), START_MS);
      child.once('exit', (code) => reject(new Error(`the app ended with ${code}:\n${printed}`)));
      child.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        const address = /listening at (http:\/\/[^"]+)/.exec(printed)?.[1];
        if (address === undefined) return;
        clearTimeout(late);
        resolve(address);
      });
    });
    return new InboxApp(child, origin);
  }

  /** What a start that must fail printed on stderr, and its exit code. */
  static async refused(env: Env): Promise<{ code: number | null; stderr: string }> {
    const child = spawnServer(env);
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(timer);
    return { code, stderr };
  }

  async call(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(this.#origin + path, {
      method,
      signal: AbortSignal.timeout(60_000),
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** Sends SIGTERM and resolves with the exit code. */
  async terminate(): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const exited = once(this.#child, 'exit') as Promise<[number | null]>;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), START_MS);
    const [code] = await exited;
    clearTimeout(timer);
    return code;
  }
}

function spawnServer(env: Env): ChildProcess {
  return spawn(process.execPath, [join(INBOX, 'server.js')], {
    env: { PORT: '0', ...withPath(env) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function withPath(env: Env): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', ...env };
}
