import { existsSync, renameSync, rmdirSync, rmSync, statSync, mkdirSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HOST_NAMES, BALANCER, paths } from './blueprint.ts';
import { hostProcesses, killAll, reaped } from './host-processes.ts';
import { destroyNetwork } from './network/namespaces.ts';
import { withDescendants } from './process/identity.ts';
import { Servers } from './process/server.ts';
import { postgresDataDir } from './servers/patroni.ts';
import { removeSharedMemory } from './state/shared-memory.ts';
import { LabError, reasonOf } from './errors.ts';
import { baseDir, labIds } from './state/folder.ts';
import { withMachineLock } from './state/machine-lock.ts';
import { releaseSlot } from './state/slots.ts';
import { readState, staleness, type LabState } from './state/state-file.ts';

/** A while for the system to take ended processes off its list. */
const REAPED_MS = 500;

/** Ends a lab and leaves nothing of it; with `keepLogs`, the logs in a folder outside, whose path is returned. */
export async function endLab(
  state: LabState,
  { keepLogs = false }: { keepLogs?: boolean } = {},
): Promise<string | undefined> {
  const { id, dir } = state.blueprint;
  return withMachineLock(`end ${dir}`, () => {
    // Another process may have ended it meanwhile, and another lab may have its name now.
    const same = readState(dir)?.incarnation === state.incarnation;
    return same ? end(state, keepLogs) : undefined;
  }).catch((cause: unknown) => {
    throw new LabError(`lab '${id}' could not be ended: ${reasonOf(cause)}`, { cause });
  });
}

async function end(state: LabState, keepLogs: boolean): Promise<string | undefined> {
  const { blueprint } = state;
  const { dir, dataDir } = blueprint;
  if (existsSync(paths.servers(dir))) {
    const beside = (): ReturnType<typeof withDescendants> =>
      new Servers(paths.servers(dir))
        .on('lab')
        .flatMap(({ process }) => (process ? withDescendants(process) : []));
    const ended = await killAll(beside);
    const onHosts = (): ReturnType<typeof hostProcesses> =>
      [...HOST_NAMES, BALANCER].flatMap((host) => hostProcesses(blueprint, host));
    ended.push(...(await killAll(onHosts)));
    await reaped(ended, REAPED_MS);
  }
  if (blueprint.names) await destroyNetwork(blueprint);
  for (const { name } of blueprint.hosts) await removeSharedMemory(postgresDataDir(blueprint, name));
  const kept = keepLogs && existsSync(paths.logs(dir)) ? moveLogs(state) : undefined;
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  releaseSlot(blueprint.slot, dir);
  removeIfEmpty(dirname(dir));
  return kept;
}

function moveLogs({ blueprint }: LabState): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
  const folder = join(tmpdir(), 'steadfast-lab-logs', `${blueprint.id}-${stamp}-${process.pid}`);
  mkdirSync(dirname(folder), { recursive: true });
  try {
    renameSync(paths.logs(blueprint.dir), folder);
  } catch {
    // Another file system: copied in place of moved.
    cpSync(paths.logs(blueprint.dir), folder, { recursive: true });
  }
  return folder;
}

/** Another lab may have moved in a moment ago. */
function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // Not empty, or gone already.
  }
}

/** A folder that never got its state: its lab was killed in its first moments. */
const HALF_MADE_AFTER_MS = 30_000;

/** Ends the labs that killed runs left behind. */
export async function sweepStaleLabs(onProgress: (line: string) => void): Promise<void> {
  for (const id of labIds()) {
    const dir = join(baseDir(), id);
    const state = readState(dir);
    if (!state) {
      // Whoever else ends labs may have taken it away meanwhile.
      const made = statSync(dir, { throwIfNoEntry: false });
      if (made && Date.now() - made.mtimeMs > HALF_MADE_AFTER_MS)
        rmSync(dir, { recursive: true, force: true });
      continue;
    }
    const why = staleness(state);
    if (why === undefined) continue;
    onProgress(`cleaning up lab '${id}': ${why}`);
    await endLab(state);
  }
}
