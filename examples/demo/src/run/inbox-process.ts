import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MIGRATE = fileURLToPath(import.meta.resolve('@steadfast/example-inbox/migrate'));
const SERVER = fileURLToPath(import.meta.resolve('@steadfast/example-inbox/server'));

const START_MS = 20_000;
/** A little more than the app's own limit for finishing what it serves. */
const STOP_MS = 12_000;
const ADDRESS = /Server listening at (http:\/\/[^"\s]+)/;

/** The inbox app as a process of its own, configured by its environment alone, as any user would run it. */
export class InboxProcess {
  readonly origin: URL;
  /** rejects when the app ends without having been asked to */
  readonly died: Promise<never>;
  readonly #child: ChildProcess;
  #stopping = false;

  private constructor(child: ChildProcess, origin: URL, logFile: string) {
    this.#child = child;
    this.origin = origin;
    this.died = once(child, 'exit').then(([code, signal]) => {
      if (this.#stopping) return new Promise<never>(() => undefined);
      throw new Error(`the inbox app ended unasked (${signal ?? `exit code ${code}`}); its log: ${logFile}`);
    });
    this.died.catch(() => undefined); // whoever waits for it hears of it
  }

  /** Creates the app's tables and starts it on a free port. */
  static async start(labEnv: Readonly<Record<string, string>>, logFile: string): Promise<InboxProcess> {
    const env = { PATH: process.env['PATH'] ?? '', ...labEnv, HOST: '127.0.0.1', PORT: '0' };
    await promisify(execFile)(process.execPath, [MIGRATE], { env, timeout: START_MS });
    // The app must not outlive the demo, not even one that is killed.
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', process.execPath, SERVER], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // Ctrl-C is the demo's to handle: the app ends when the demo says so
    });
    try {
      return new InboxProcess(child, await listening(child, logFile), logFile);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** Asks it to end, and ends it where it does not. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

/** Keeps what the app prints and resolves with the address it listens on. */
function listening(child: ChildProcess, logFile: string): Promise<URL> {
  const log = createWriteStream(logFile, { flags: 'a' });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the inbox app has no output');
  stdout.pipe(log);
  stderr.pipe(log);
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`the inbox app did not listen within ${START_MS} ms; its log: ${logFile}`)),
      START_MS,
    );
    const settle = (settled: () => void): void => {
      clearTimeout(late);
      settled();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', () =>
      settle(() => reject(new Error(`the inbox app ended at its start; its log: ${logFile}`))),
    );
    createInterface({ input: stdout }).on('line', (line) => {
      const address = ADDRESS.exec(line)?.[1];
      if (address !== undefined) settle(() => resolve(new URL(address)));
    });
  });
}
