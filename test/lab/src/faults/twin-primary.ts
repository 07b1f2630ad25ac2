import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from '../control/sql.ts';
import { LabError } from '../errors.ts';
import { killAll, postgresProcesses } from '../host-processes.ts';
import { signal } from '../process/identity.ts';
import { gone, type ServerSpec } from '../process/server.ts';
import { eventually } from '../process/wait.ts';
import { postgresDataDir } from '../servers/patroni.ts';
import { removeSharedMemory } from '../state/shared-memory.ts';
import { defineFault, type FaultContext, type FaultKind } from './fault-kind.ts';
import { startPatroni } from './start-patroni.ts';
import { hostNamed, targetHost } from './target.ts';

const STOP_MS = 10_000;
const START_MS = 15_000;

/**
 * A promotion always begins a timeline. A standby that is started as no standby begins none: two servers then write on the
 * same timeline, and nothing that either says of itself tells them apart.
 */
export const twinPrimary: FaultKind = defineFault({
  meaning:
    'a standby without its Patroni is restarted as a primary, by hand: it accepts writes on the same timeline as the real one, which lives on',
  healing: 'takes its data away and starts its Patroni, which makes a standby of it anew',
  target: "default 'replica'; h1, h2, h3, replica",
  needs: ['postgres'],
  async plan({ blueprint }, args) {
    return { target: (await targetHost(blueprint, args, 'replica')).name };
  },
  async make(context, { target }) {
    const { blueprint, servers, note } = context;
    const line = commandLine(context, target);
    await servers.stop(target, 'patroni', 'SIGKILL');
    await stopPostgres(context, target);
    rmSync(join(postgresDataDir(blueprint, target), 'standby.signal'), { force: true });
    const { spec } = servers.get(target, 'patroni');
    await servers.start({ ...spec, server: 'twin', ...line });
    await eventually('the twin', START_MS, async () => {
      const [row] = await sql(
        blueprint,
        hostNamed(blueprint, target),
        'SELECT pg_is_in_recovery() AS standby',
      );
      if (row?.['standby'] !== false) throw new Error('it is a standby');
    });
    note(`PostgreSQL on ${target} is a primary by itself`);
  },
  async heal(context, { target }) {
    const { blueprint, servers, note } = context;
    await killAll(() => postgresProcesses(blueprint, target));
    servers.forget(target, 'twin');
    await removeSharedMemory(postgresDataDir(blueprint, target));
    rmSync(postgresDataDir(blueprint, target), { recursive: true, force: true });
    note(`took away the data of PostgreSQL on ${target}`);
    await startPatroni(context, target);
  },
});

/** As Patroni started it. */
function commandLine({ blueprint }: FaultContext, host: string): Pick<ServerSpec, 'command' | 'args'> {
  const [postmaster] = postgresProcesses(blueprint, host);
  if (!postmaster) throw new LabError(`PostgreSQL does not run on ${host}`);
  const [command = '', ...args] = readFileSync(`/proc/${postmaster.pid}/cmdline`, 'utf8')
    .split('\0')
    .filter((word) => word !== '');
  return { command, args };
}

/** SIGINT: its fast shutdown, so that it needs no recovery. */
async function stopPostgres({ blueprint }: FaultContext, host: string): Promise<void> {
  const [postmaster] = postgresProcesses(blueprint, host);
  if (!postmaster || !signal(postmaster, 'SIGINT')) return;
  await gone(postmaster, STOP_MS);
}
