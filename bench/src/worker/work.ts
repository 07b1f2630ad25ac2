import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromWorker, Job, StretchResult } from './messages.ts';

/** Opening a client, starting a process on a busy machine, closing. */
const SLACK_MS = 45_000;
const STDERR_CHARACTERS = 2_000;
/** What pg reads of its process, whatever a target says; a file of passwords names its servers itself. */
const PG_OF_SHELL = /^PG(?!PASSFILE$)/;

/** Does a job in a process of its own; rejects where it fails, takes too long or the signal ends it. */
export function work(job: Job, signal?: AbortSignal): Promise<StretchResult> {
  // The same module runs as source and as build output: its sibling has the same ending.
  const main = fileURLToPath(new URL(`./worker-main${import.meta.url.slice(-3)}`, import.meta.url));
  const env = workerEnv(process.env);
  const child = fork(main, [], { env, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (stderr.length < STDERR_CHARACTERS) stderr += chunk.toString();
  });
  const { promise, resolve, reject } = Promise.withResolvers<StretchResult>();
  const limitMs = job.warmupMs + job.measureMs + job.drainMs + SLACK_MS;
  const timer = setTimeout(() => reject(new Error(`the worker did not end within ${limitMs} ms`)), limitMs);
  const abort = (): void => reject(signal?.reason as Error);
  signal?.addEventListener('abort', abort, { once: true });
  child.once('message', (message: FromWorker) => {
    if (message.tell === 'done') resolve(message.result);
    else reject(new Error(message.error));
  });
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`the worker ended with code ${code}: ${stderr}`)));
  if (signal?.aborted) abort();
  else child.send(job);
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    child.kill('SIGKILL');
  });
}

/** Without what would tell a stock client more than ours, which reads the environment of its target alone. */
export function workerEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !PG_OF_SHELL.test(name)));
}
