import { readFileSync, readdirSync } from 'node:fs';

/** A process, told apart from a later one that was given the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks from boot to the start of the process. */
  startTicks: number;
}

interface ProcStat {
  state: string;
  parent: number;
  threads: number;
  startTicks: number;
}

/** The process's identity, or undefined where it is gone. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = procStat(pid);
  return stat && lives(stat) ? { pid, startTicks: stat.startTicks } : undefined;
}

export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.startTicks === process.startTicks;
}

/** Sends a signal to exactly this process; false where it is gone. */
export function signal(target: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(target)) return false;
  try {
    process.kill(target.pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Every living process, with its parent. */
export function allProcesses(): (ProcessIdentity & { parent: number })[] {
  const found: (ProcessIdentity & { parent: number })[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = procStat(pid);
    if (stat && lives(stat)) found.push({ pid, startTicks: stat.startTicks, parent: stat.parent });
  }
  return found;
}

/** The process and everything descended from it, parents first. */
export function withDescendants(root: ProcessIdentity): ProcessIdentity[] {
  const all = allProcesses();
  const tree = all.filter((each) => each.pid === root.pid && each.startTicks === root.startTicks);
  // The list grows while it is walked: children of children follow.
  for (const parent of tree)
    tree.push(...all.filter((each) => each.parent === parent.pid && !tree.includes(each)));
  return tree.map(({ pid, startTicks }) => ({ pid, startTicks }));
}

function procStat(pid: number): ProcStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name, field 2, may hold spaces and parentheses: the fields are counted from its end.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? 'X',
    parent: Number(fields[1]),
    threads: Number(fields[17]),
    startTicks: Number(fields[19]),
  };
}

/** A zombie is gone, but not before its other threads are: its sockets are theirs as well. */
function lives({ state, threads }: ProcStat): boolean {
  return state !== 'X' && (state !== 'Z' || threads > 1);
}
