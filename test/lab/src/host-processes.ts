import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths, type Blueprint } from './blueprint.ts';
import { namespaceOf, processesIn } from './network/namespaces.ts';
import { identify, signal, withDescendants, type ProcessIdentity } from './process/identity.ts';
import { gone, Servers } from './process/server.ts';
import { eventually } from './process/wait.ts';
import { postgresDataDir } from './servers/patroni.ts';

/**
 * Everything that runs on a host. Whoever stands in another mount namespace than the lab's starter cannot see who is in the
 * host's network namespace; what was started there, and its PostgreSQL, are known by their files all the same.
 */
export function hostProcesses(blueprint: Blueprint, host: string): ProcessIdentity[] {
  const inside = blueprint.names ? processesIn(namespaceOf(blueprint, host)) : [];
  const servers = new Servers(paths.servers(blueprint.dir)).on(host);
  const trees = servers.flatMap(({ process }) => (process ? withDescendants(process) : []));
  const all = [...inside, ...trees, ...postgresProcesses(blueprint, host)];
  return [...new Map(all.map((each) => [each.pid, each])).values()];
}

/** The postmaster of a host and its children, or nothing where PostgreSQL does not run. */
export function postgresProcesses(blueprint: Blueprint, host: string): ProcessIdentity[] {
  const postmaster = postmasterOf(postgresDataDir(blueprint, host));
  return postmaster ? withDescendants(postmaster) : [];
}

/** The pid file outlives a killed postmaster: only a process that runs on this data folder counts. */
function postmasterOf(dataDir: string): ProcessIdentity | undefined {
  try {
    const pid = Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return commandLine.includes(dataDir) ? identify(pid) : undefined;
  } catch {
    return undefined;
  }
}

const ROUNDS = 20;

/** Signals everything that `list` finds until a round finds nothing new: processes may fork meanwhile. */
export function signalAll(list: () => ProcessIdentity[], name: NodeJS.Signals): ProcessIdentity[] {
  const signalled = new Map<string, ProcessIdentity>();
  for (let round = 0; round < ROUNDS; round++) {
    const fresh = list().filter((each) => !signalled.has(keyOf(each)));
    if (fresh.length === 0) break;
    for (const each of fresh) {
      signal(each, name);
      signalled.set(keyOf(each), each);
    }
  }
  return [...signalled.values()];
}

/** Kills everything that `list` finds and waits until it is gone. */
export async function killAll(list: () => ProcessIdentity[], timeoutMs = 5_000): Promise<ProcessIdentity[]> {
  const killed = signalAll(list, 'SIGKILL');
  await Promise.all(killed.map((each) => gone(each, timeoutMs)));
  return killed;
}

/** Waits until ended processes have left the list of processes too; in vain where nobody reaps orphans. */
export async function reaped(ended: readonly ProcessIdentity[], timeoutMs: number): Promise<void> {
  const listed = (): void => {
    if (ended.some(({ pid }) => existsSync(`/proc/${pid}`))) throw new Error('still listed');
  };
  await eventually('end of the list', timeoutMs, listed, 10).catch(() => undefined);
}

function keyOf({ pid, startTicks }: ProcessIdentity): string {
  return `${pid}/${startTicks}`;
}
