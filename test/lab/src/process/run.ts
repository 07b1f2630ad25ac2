import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LabError } from '../errors.ts';

const execute = promisify(execFile);

/** Runs a program to its end and returns what it printed; a failure carries the program's own words. */
export async function run(command: string, args: readonly string[], timeoutMs = 20_000): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { timeout: timeoutMs, maxBuffer: 16 << 20 });
    return stdout;
  } catch (cause) {
    const { code, stderr, killed } = cause as { code?: unknown; stderr?: string; killed?: boolean };
    if (code === 'ENOENT') throw new LabError(`the program '${command}' is missing`, { cause });
    const why = killed
      ? `no end within ${timeoutMs} ms`
      : String(stderr ?? '').trim() || `exit code ${String(code)}`;
    throw new LabError(`${command} ${args.join(' ')}: ${why}`, { cause });
  }
}
