import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OPENSSL_TIMEOUT_MS = 20_000;

/** Runs the openssl program; a failure names the subcommand and carries the program's own words. */
export async function openssl(words: string, options: Readonly<Record<string, string>>): Promise<void> {
  const args = words.split(' ');
  for (const [name, value] of Object.entries(options)) args.push(`-${name}`, value);
  try {
    await run('openssl', args, { timeout: OPENSSL_TIMEOUT_MS });
  } catch (cause) {
    const { code, stderr } = cause as { code?: unknown; stderr?: unknown };
    if (code === 'ENOENT')
      throw new Error('the program openssl is missing: install the package openssl', { cause });
    throw new Error(`openssl ${args[0]} failed: ${String(stderr ?? cause).trim()}`, { cause });
  }
}
