import { LabError } from '../errors.ts';
import { killAll, postgresProcesses, signalAll } from '../host-processes.ts';
import { signal } from '../process/identity.ts';
import { gone } from '../process/server.ts';
import { defineFault, NOTHING_TO_HEAL, type FaultContext, type FaultKind } from './fault-kind.ts';
import { frozen } from './frozen.ts';
import { startPatroni } from './start-patroni.ts';
import { targetHost } from './target.ts';

const target = "default 'primary'; h1, h2, h3, primary, replica";
const needs: NonNullable<FaultKind['needs']> = ['postgres'];

async function plan(
  { blueprint }: FaultContext,
  args: Parameters<FaultKind['plan']>[1],
): Promise<{ target: string }> {
  return { target: (await targetHost(blueprint, args, 'primary')).name };
}

export const killPostgres: FaultKind = defineFault({
  meaning:
    'SIGKILL to the postmaster and all its processes; Patroni lives, keeps the leader key and starts PostgreSQL again in place',
  healing: `${NOTHING_TO_HEAL}Patroni starts PostgreSQL itself`,
  target,
  needs,
  plan,
  async make({ blueprint, note }, { target: host }) {
    const killed = await killAll(() => postgresProcesses(blueprint, host));
    if (killed.length === 0) throw new LabError(`PostgreSQL does not run on ${host}`);
    note(`killed ${killed.length} processes of PostgreSQL on ${host}`);
  },
  heal: () => Promise.resolve(),
});

export const killPatroni: FaultKind = defineFault({
  meaning:
    'SIGKILL to Patroni alone; PostgreSQL lives on without a keeper: a primary stays writable, also after its leader key has expired and another was promoted',
  healing: 'starts Patroni again',
  target,
  needs,
  plan,
  async make({ servers, note }, { target: host }) {
    const patroni = servers.running(host, 'patroni');
    signal(patroni, 'SIGKILL');
    await gone(patroni, 5_000);
    note(`killed Patroni on ${host}`);
  },
  heal: (context, { target: host }) => startPatroni(context, host),
});

export const freezePatroni: FaultKind = frozen({
  meaning:
    'SIGSTOP to Patroni alone; PostgreSQL lives on without a keeper: a primary stays writable, also after its leader key has expired and another was promoted',
  target,
  needs,
  plan,
  server: 'patroni',
  title: 'Patroni',
});

export const freezePostgres: FaultKind = defineFault({
  meaning: 'SIGSTOP to the postmaster and all its processes; Patroni lives',
  healing: 'SIGCONT to them',
  target,
  needs,
  plan,
  async make({ blueprint, note }, { target: host }) {
    const stopped = signalAll(() => postgresProcesses(blueprint, host), 'SIGSTOP');
    if (stopped.length === 0) throw new LabError(`PostgreSQL does not run on ${host}`);
    note(`froze ${stopped.length} processes of PostgreSQL on ${host}`);
  },
  async heal({ blueprint, note }, { target: host }) {
    const going = signalAll(() => postgresProcesses(blueprint, host), 'SIGCONT');
    note(`thawed ${going.length} processes of PostgreSQL on ${host}`);
  },
});
