import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../process/run.ts';

/**
 * A killed postmaster leaves its System V segment, by which it knows that it is alone. Called once it is gone and its
 * data folder is about to go: a start on the same folder would have cleaned up by itself.
 */
export async function removeSharedMemory(postgresDataDir: string): Promise<void> {
  const segment = segmentOf(postgresDataDir);
  if (segment !== undefined) await run('ipcrm', ['-m', segment]).catch(() => undefined);
}

/** The segment's id, if the system still has it as made by that postmaster and nobody is attached. */
function segmentOf(dataDir: string): string | undefined {
  const lines = linesOf(join(dataDir, 'postmaster.pid'));
  const pid = lines[0]?.trim();
  const id = lines[6]?.trim().split(/\s+/)[1];
  if (pid === undefined || id === undefined) return undefined;
  // key, shmid, perms, size, cpid, lpid, nattch, …
  const rows = linesOf('/proc/sysvipc/shm').map((line) => line.trim().split(/\s+/));
  return rows.some((row) => row[1] === id && row[4] === pid && row[6] === '0') ? id : undefined;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
