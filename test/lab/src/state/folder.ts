import { mkdirSync, readdirSync, statSync, statfsSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { LabError } from '../errors.ts';

/** Where labs of this user live: a folder each. STEADFAST_LAB_DIR chooses another place. */
export function baseDir(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env['STEADFAST_LAB_DIR'];
  if (chosen) return resolve(chosen);
  const { uid } = userInfo();
  // root's runtime folder is closed to the user the servers run as.
  const runtime = env['XDG_RUNTIME_DIR'];
  return uid !== 0 && runtime ? join(runtime, 'steadfast-lab') : join(tmpdir(), `steadfast-lab-${uid}`);
}

/** Makes the base folder; somebody else's folder of that name is refused. */
export function ensureBaseDir(): string {
  const dir = baseDir();
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  if (statSync(dir).uid !== userInfo().uid) throw new LabError(`${dir} belongs to another user`);
  return dir;
}

/** Ids of the labs that have a folder. */
export function labIds(): string[] {
  try {
    return readdirSync(baseDir(), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const SHARED_MEMORY = '/dev/shm';
/** Three PostgreSQL members with their WAL, and room to spare. */
const NEEDED_BYTES = 3 * 1024 ** 3;

/** Where the servers' data goes: memory where there is enough, since a failover must not wait for a slow disk. */
export function dataDirFor(dir: string, slot: number): string {
  try {
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    if (bavail * bsize >= NEEDED_BYTES) return join(SHARED_MEMORY, `steadfast-lab-slot${slot}`);
  } catch {
    // No shared memory here: the lab's own folder will do.
  }
  return join(dir, 'data');
}
