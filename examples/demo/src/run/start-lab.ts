import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Lab, monotonicMs, type LabStatus } from '@steadfast/lab';
import type { DemoOptions } from '../options.ts';
import { duration } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';
import { table } from '../output/table.ts';
import { abortable } from './abortable.ts';
import type { Teardown } from './teardown.ts';

/** The name of a cluster that is kept. */
export const KEPT_LAB = 'demo';

const UP_MS = 90_000;
const CLI = fileURLToPath(new URL('cli.js', import.meta.resolve('@steadfast/lab')));

/** Starts the cluster and shows its members. */
export async function startLab(
  { synchronous, keep }: DemoOptions,
  screen: Screen,
  teardown: Teardown,
  signal: AbortSignal,
): Promise<Lab> {
  screen.heading('A real cluster on this machine');
  const startedAt = monotonicMs();
  const starting = keep
    ? upToStay(synchronous)
    : Lab.up({ managed: false, postgres: { synchronousMode: synchronous } });
  // Also where it is interrupted while it starts.
  if (!keep)
    teardown.defer('the cluster', (failed) =>
      starting.then(
        (lab) => takeDown(lab, failed, screen),
        () => undefined,
      ),
    );
  const lab = await abortable(starting, signal);
  await abortable(lab.waitHealthy(UP_MS), signal);
  for (const line of membersTable(lab, await lab.status())) screen.line(line);
  screen.line();
  screen.line(
    `up in ${duration(monotonicMs() - startedAt)}; each host runs etcd, Patroni, PostgreSQL, Redis and Sentinel`,
  );
  return lab;
}

/** A lab started by this process would be cleaned up after it; one that its own command starts stays. */
async function upToStay(synchronous: boolean): Promise<Lab> {
  const settings = ['--set', 'managed=false', '--set', `postgres.synchronousMode=${synchronous}`];
  try {
    await promisify(execFile)(process.execPath, [CLI, 'up', KEPT_LAB, ...settings], { timeout: UP_MS });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(stderr?.trim() || 'the cluster did not start', { cause: error });
  }
  return Lab.attach(KEPT_LAB);
}

async function takeDown(lab: Lab, failed: boolean, screen: Screen): Promise<void> {
  const logs = await lab.down({ keepLogs: failed });
  if (logs !== undefined) screen.line(`all logs are kept in ${logs}`);
}

/** Patroni's and Redis's own words for roles, in those of this project. */
const ROLES: Readonly<Record<string, string>> = {
  leader: 'primary',
  master: 'primary',
  sync_standby: 'replica, synchronous',
};

function membersTable(lab: Lab, status: LabStatus): string[] {
  const columns = [{ title: 'host' }, { title: 'address' }, { title: 'PostgreSQL' }, { title: 'Redis' }];
  const role = (members: readonly { name: string; role: string }[] | undefined, host: string): string => {
    const found = members?.find(({ name }) => name === host)?.role ?? '–';
    return ROLES[found] ?? found;
  };
  return table(
    columns,
    lab.description.hosts.map(({ name, ip }) => [
      name,
      ip,
      role(status.postgres?.members, name),
      role(status.redis?.members, name),
    ]),
  );
}
