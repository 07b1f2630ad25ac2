import { hostProcesses, killAll, signalAll } from '../host-processes.ts';
import { defineFault, type FaultKind } from './fault-kind.ts';
import { startPatroni } from './start-patroni.ts';
import { targetHost } from './target.ts';

const target =
  "default 'primary' ('master' in a lab without PostgreSQL); h1, h2, h3, primary, master, replica";
const byDefault = (hasPostgres: boolean): string => (hasPostgres ? 'primary' : 'master');

export const crash: FaultKind = defineFault({
  meaning:
    'SIGKILL to every process on the host: PostgreSQL, Patroni, etcd, Redis and Sentinel end at once; the kernel stays and resets their connections',
  healing: 'starts all servers of the host again on the data they left',
  target,
  async plan({ blueprint }, args) {
    const host = await targetHost(blueprint, args, byDefault(blueprint.settings.postgres !== false));
    return { target: host.name };
  },
  async make({ blueprint, note }, { target: host }) {
    const killed = await killAll(() => hostProcesses(blueprint, host));
    note(`killed ${killed.length} processes on ${host}`);
  },
  async heal(context, { target: host }) {
    const { servers, note } = context;
    for (const { spec } of servers.on(host)) {
      if (spec.server === 'patroni') {
        await startPatroni(context, host);
        continue;
      }
      await servers.revive(host, spec.server);
      note(`started ${spec.server} on ${host}`);
    }
  },
});

export const freeze: FaultKind = defineFault({
  meaning:
    'SIGSTOP to every process on the host: connections stay open and are accepted by the kernel, nothing is ever answered',
  healing: 'SIGCONT to every process on the host',
  target,
  async plan({ blueprint }, args) {
    const host = await targetHost(blueprint, args, byDefault(blueprint.settings.postgres !== false));
    return { target: host.name };
  },
  async make({ blueprint, note }, { target: host }) {
    const stopped = signalAll(() => hostProcesses(blueprint, host), 'SIGSTOP');
    note(`froze ${stopped.length} processes on ${host}`);
  },
  async heal({ blueprint, note }, { target: host }) {
    const going = signalAll(() => hostProcesses(blueprint, host), 'SIGCONT');
    note(`thawed ${going.length} processes on ${host}`);
  },
});
