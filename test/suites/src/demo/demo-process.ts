import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../../../examples/demo/src/main.ts');

export interface DemoRun {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** resolves with the exit code */
  readonly ended: Promise<number | null>;
  readonly interrupt: () => void;
  /** resolves once stderr contains the text */
  readonly said: (text: string, timeoutMs: number) => Promise<void>;
}

/** The demo as a user starts it; `labDir` keeps its cluster apart, so that what is left behind can be seen. */
export function startDemo(args: readonly string[], labDir: string): DemoRun {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, STEADFAST_LAB_DIR: labDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    interrupt: () => child.kill('SIGINT'),
    said: (text, timeoutMs) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => settle(new Error(`'${text}' was not said:\n${stderr}`)), timeoutMs);
        const look = (): void => (stderr.includes(text) ? settle() : undefined);
        const settle = (error?: Error): void => {
          clearTimeout(late);
          child.stderr.off('data', look);
          if (error) reject(error);
          else resolve();
        };
        child.stderr.on('data', look);
        void ended.then(() => settle(new Error(`it ended before it said '${text}':\n${stderr}`)));
        look();
      }),
  };
}
