import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths, type Blueprint } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { isAlive, type ProcessIdentity } from '../process/identity.ts';
import { nameOf, Servers } from '../process/server.ts';
import type { LabDescription } from '../types.ts';
import { baseDir, labIds } from './folder.ts';

/** What is kept of a lab, readable by its owner alone since it holds the passwords. */
export interface LabState {
  /** Tells a lab from an earlier or later one of the same name. */
  incarnation: string;
  phase: 'starting' | 'up';
  /** The process that started it. */
  starter: ProcessIdentity;
  /** Whether the lab ends with its starter (a test) or stays until it is taken down (the command line). */
  belongsToStarter: boolean;
  blueprint: Blueprint;
  description: LabDescription;
}

export function writeState(state: LabState): void {
  const file = paths.state(state.blueprint.dir);
  writeFileSync(`${file}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function readState(dir: string): LabState | undefined {
  try {
    return JSON.parse(readFileSync(paths.state(dir), 'utf8')) as LabState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LabError(`the state of the lab in ${dir} cannot be read: ${String(error)}`, { cause: error });
  }
}

/** The state of a running lab; without an id, of the only one. */
export function findState(id?: string): LabState {
  const ids = labIds();
  const running = ids.flatMap((each) => {
    const state = readState(join(baseDir(), each));
    return state?.phase === 'up' ? [state] : [];
  });
  const names = running.map(({ blueprint }) => blueprint.id).join(', ') || 'none';
  if (id !== undefined) {
    const found = running.find(({ blueprint }) => blueprint.id === id);
    if (found) return found;
    throw new LabError(`there is no lab '${id}' up under ${baseDir()}; labs up: ${names}`);
  }
  const [only, ...others] = running;
  if (only && others.length === 0) return only;
  throw new LabError(only ? `several labs are up, name one of: ${names}` : `no lab is up under ${baseDir()}`);
}

/** Why a lab is left over from a run that is gone, or undefined while it is in use. */
export function staleness(state: LabState): string | undefined {
  const { starter, belongsToStarter, phase, blueprint } = state;
  if (belongsToStarter || phase === 'starting') {
    return isAlive(starter) ? undefined : `its starter, process ${starter.pid}, is gone`;
  }
  const supervisor = new Servers(paths.servers(blueprint.dir)).find('lab', 'supervisor');
  if (supervisor?.process && isAlive(supervisor.process)) return undefined;
  return `its ${nameOf({ host: 'lab', server: 'supervisor' })} is gone`;
}
