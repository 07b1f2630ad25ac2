import type { Blueprint } from '../blueprint.ts';
import { run } from '../process/run.ts';
import { identify, withDescendants, type ProcessIdentity } from '../process/identity.ts';
import { LabError } from '../errors.ts';
import { postgresProcesses } from '../host-processes.ts';
import { defineFault, type FaultContext, type FaultKind } from './fault-kind.ts';
import { startPatroni } from './start-patroni.ts';
import { targetHost } from './target.ts';

const ROUNDS = 20;

/**
 * A file system of its own to be filled would need the right to mount one. A limit on the size of files comes to the same:
 * nothing can be written, neither WAL nor a table nor Patroni's own files, and every write says why.
 */
export const diskFull: FaultKind = defineFault({
  meaning:
    'PostgreSQL and Patroni can write to no file (RLIMIT_FSIZE 0: EFBIG where a full disk says ENOSPC): PostgreSQL panics at its next WAL record and cannot be started',
  healing: 'lifts the limit, and starts Patroni again where it has ended',
  target: "default 'primary'; h1, h2, h3, primary, replica",
  needs: ['postgres'],
  async plan({ blueprint }, args) {
    return { target: (await targetHost(blueprint, args, 'primary')).name };
  },
  async make(context, { target }) {
    const limited = await limitFiles(context, target, '0:');
    if (limited === 0) throw new LabError(`neither Patroni nor PostgreSQL runs on ${target}`);
    context.note(`${limited} processes on ${target} can write to no file`);
  },
  async heal(context, { target }) {
    const freed = await limitFiles(context, target, 'unlimited:');
    context.note(`${freed} processes on ${target} can write again`);
    await startPatroni(context, target);
  },
});

/** With the servers' rights: not even root may limit what is another user's, in many a container. */
function asServers({ credentials }: Blueprint, [command = '', ...args]: string[]): Promise<string> {
  if (!credentials) return run(command, args);
  const { uid, gid } = credentials;
  return run('setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--', command, ...args]);
}

/** Children inherit it: a round that finds none without it is the last. Returns how many processes have it. */
async function limitFiles(
  { blueprint, servers }: FaultContext,
  host: string,
  limit: string,
): Promise<number> {
  const limited = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const { process: patroni } = servers.get(host, 'patroni');
    const all: ProcessIdentity[] = [
      ...(patroni ? withDescendants(patroni) : []),
      ...postgresProcesses(blueprint, host),
    ];
    const fresh = all.filter(({ pid }) => !limited.has(pid));
    if (fresh.length === 0) break;
    for (const { pid } of fresh) {
      await asServers(blueprint, ['prlimit', `--pid=${pid}`, `--fsize=${limit}`]).catch((error: unknown) => {
        // A process that has ended meanwhile writes nothing either.
        if (identify(pid)) throw error;
      });
      limited.add(pid);
    }
  }
  return limited.size;
}
