import { spawn } from 'node:child_process';
import path from 'node:path';

const PROGRAM = path.resolve(import.meta.dirname, '../../../../bench/bin/steadfast-bench.mjs');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end. `interrupt` is asked at every line of progress whether it is time for Ctrl-C. */
export async function bench(
  args: readonly string[],
  interrupt: (stderr: string) => boolean = () => false,
): Promise<Ended> {
  // Nothing of this process's environment may lead to a server.
  const env = { PATH: process.env['PATH'] ?? '' };
  const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr, interrupted] = ['', '', false];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    if (interrupted || !interrupt(stderr)) return;
    interrupted = true;
    child.kill('SIGINT');
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}
