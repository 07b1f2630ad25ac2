import { MASTER_NAME } from '../blueprint.ts';
import { patroniCall } from '../control/patroni-rest.ts';
import { sentinelCall, sentinelMaster } from '../control/redis-call.ts';
import { LabError } from '../errors.ts';
import { eventually } from '../process/wait.ts';
import { defineFault, NOTHING_TO_HEAL, type FaultKind, type FaultPlan } from './fault-kind.ts';
import { hostNamed, switchoverCandidate, targetHost } from './target.ts';

const PLANNED_TIMEOUT_MS = 60_000;
const FREE_TIMEOUT_MS = 15_000;

interface SwitchoverPlan extends FaultPlan {
  candidate: string;
}

export const switchover: FaultKind = defineFault<SwitchoverPlan>({
  meaning:
    "a planned switchover: POST /switchover to the primary's Patroni, which demotes it and promotes the candidate; resolves with Patroni's answer",
  healing: `${NOTHING_TO_HEAL}the old primary follows the new one`,
  target: "the primary, always; another primary is chosen by 'candidate'",
  args: { candidate: 'the new primary; default the synchronous replica' },
  needs: ['postgres'],
  async plan({ blueprint }, args) {
    const primary = await targetHost(blueprint, {}, 'primary');
    if (args.target !== undefined && args.target !== 'primary' && args.target !== primary.name) {
      throw new LabError(`target '${args.target}': a switchover is of the primary, which is ${primary.name}`);
    }
    const candidate = args['candidate'];
    if (candidate !== undefined && typeof candidate !== 'string') {
      throw new LabError(`candidate ${JSON.stringify(candidate)}: allowed is a host name`);
    }
    const chosen = candidate ?? (await switchoverCandidate(blueprint));
    return { target: primary.name, candidate: hostNamed(blueprint, chosen).name };
  },
  async make({ blueprint, note }, { target, candidate }) {
    note(`asked for a switchover from ${target} to ${candidate}`);
    const { status, body } = await patroniCall(blueprint, hostNamed(blueprint, target), '/switchover', {
      method: 'POST',
      body: { leader: target, candidate },
      timeoutMs: PLANNED_TIMEOUT_MS,
    });
    if (status !== 200) throw new LabError(`POST /switchover of ${target} answered ${status}: ${body}`);
    note(`Patroni answered: ${body}`);
  },
  heal: () => Promise.resolve(),
});

interface RestartPlan extends FaultPlan {
  server: 'postgres' | 'redis';
}

export const restart: FaultKind = defineFault<RestartPlan>({
  meaning:
    'a clean restart in place: PostgreSQL by POST /restart to its Patroni, Redis by SIGTERM and a start at once; nothing acknowledged is lost',
  healing: `${NOTHING_TO_HEAL}the server is up again when the fault resolves`,
  target: "default 'primary' ('master' with server=redis); h1, h2, h3, primary, master, replica",
  args: { server: "postgres or redis; default by target: redis for 'master', else postgres" },
  async plan({ blueprint }, args) {
    const { postgres } = blueprint.settings;
    const byDefault = args.target === 'master' || !postgres ? 'redis' : 'postgres';
    const server = args['server'] ?? byDefault;
    if (server !== 'postgres' && server !== 'redis') {
      throw new LabError(`server ${JSON.stringify(server)}: allowed are postgres, redis`);
    }
    if (!blueprint.settings[server]) throw new LabError(`server '${server}': this lab has none`);
    const host = await targetHost(blueprint, args, server === 'redis' ? 'master' : 'primary', server);
    return { target: host.name, server };
  },
  async make({ blueprint, servers, note }, { target, server }) {
    if (server === 'redis') {
      await servers.stop(target, 'redis', 'SIGTERM');
      note(`stopped Redis on ${target}`);
      await servers.revive(target, 'redis');
      return note(`started Redis on ${target}`);
    }
    note(`asked for a restart of PostgreSQL on ${target}`);
    const { status, body } = await patroniCall(blueprint, hostNamed(blueprint, target), '/restart', {
      method: 'POST',
      body: {},
      timeoutMs: PLANNED_TIMEOUT_MS,
    });
    if (status !== 200) throw new LabError(`POST /restart of ${target} answered ${status}: ${body}`);
    note(`Patroni answered: ${body}`);
  },
  heal: () => Promise.resolve(),
});

export const sentinelFailover: FaultKind = defineFault({
  meaning:
    'a planned failover: SENTINEL FAILOVER asked of one Sentinel; the old master lives and is turned into a replica later',
  healing: `${NOTHING_TO_HEAL}the old master follows the new one`,
  target: 'the host whose Sentinel is asked; default the first whose Sentinel answers; h1, h2, h3',
  needs: ['redis'],
  async plan({ blueprint }, args) {
    const [first] = blueprint.hosts;
    const host = await targetHost(blueprint, args, first?.name ?? 'h1', 'redis');
    return { target: host.name };
  },
  async make({ blueprint, note }, { target }) {
    const master = await sentinelMaster(blueprint);
    note(`asked the Sentinel on ${target} for a failover from ${master.name}`);
    // A failover before this one ends a second after its master is known: until then the sentinel that led it refuses.
    await eventually('a Sentinel that is free for a failover', FREE_TIMEOUT_MS, () =>
      sentinelCall(blueprint, hostNamed(blueprint, target), ['SENTINEL', 'FAILOVER', MASTER_NAME]),
    );
    note('Sentinel agreed');
  },
  heal: () => Promise.resolve(),
});
