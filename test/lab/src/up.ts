import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawBlueprint, paths, type Blueprint } from './blueprint.ts';
import { createCertificates } from './certificates.ts';
import { leaderName, patroniCall } from './control/patroni-rest.ts';
import { redisRole } from './control/redis-call.ts';
import { describeLab } from './describe.ts';
import { endLab, sweepStaleLabs } from './down.ts';
import { LabError, reasonOf } from './errors.ts';
import { waitHealthy } from './health.ts';
import { monotonicMs } from './monotonic.ts';
import { createNetwork } from './network/namespaces.ts';
import { parseId, parseOptions, type Settings } from './options.ts';
import { identify, isAlive } from './process/identity.ts';
import { lastLines, nameOf, Servers, type Server } from './process/server.ts';
import { eventually, GiveUp } from './process/wait.ts';
import { chooseNetwork, refuseTakenPorts, requirePrograms, serverCredentials } from './requirements.ts';
import { etcdSpec, etcdUrl } from './servers/etcd.ts';
import { haproxySpec } from './servers/haproxy.ts';
import { patroniSpec } from './servers/patroni.ts';
import { pgbouncerSpec } from './servers/pgbouncer.ts';
import { redisSpec } from './servers/redis.ts';
import { sentinelSpec } from './servers/sentinel.ts';
import { dataDirFor, ensureBaseDir } from './state/folder.ts';
import { withMachineLock } from './state/machine-lock.ts';
import { claimSlot, idTaken, releaseSlot } from './state/slots.ts';
import { writeState, type LabState } from './state/state-file.ts';
import { supervisorCall } from './supervisor/client.ts';
import type { LabOptions } from './types.ts';

const UP_TIMEOUT_MS = 60_000;
const MAX_LABS = 100;

/** Starts a lab; where that fails, everything of it is ended and its logs are kept. */
export async function startLab(options: LabOptions, belongsToStarter: boolean): Promise<LabState> {
  const id = parseId(options.id);
  const settings = parseOptions(options);
  const say = progressOf(options.onProgress);
  await requirePrograms();
  ensureBaseDir();
  const network = await chooseNetwork(settings.network, say);
  const state = await withMachineLock('start', async () => {
    await sweepStaleLabs(say);
    return claimLab(id, settings, network, belongsToStarter);
  });
  try {
    await startEverything(state, say);
    const up: LabState = { ...state, phase: 'up' };
    writeState(up);
    say(`lab '${state.blueprint.id}' is up`);
    return up;
  } catch (error) {
    const logs = await endLab(state, { keepLogs: true });
    throw new LabError(`${reasonOf(error)}\nthe logs are in ${logs ?? '(none yet)'}`, { cause: error });
  }
}

function progressOf(onProgress: (line: string) => void = () => undefined): (line: string) => void {
  const since = monotonicMs();
  return (line) => onProgress(`${((monotonicMs() - since) / 1_000).toFixed(1).padStart(5)} s  ${line}`);
}

/** Takes a name and a number, and writes down at once who did, so that a killed start can be cleaned up. */
function claimLab(
  wanted: string | undefined,
  settings: Settings,
  network: Blueprint['network'],
  belongsToStarter: boolean,
): LabState {
  const { id, dir } = claimFolder(wanted);
  let slot: number | undefined;
  try {
    chmodSync(dir, 0o755);
    slot = claimSlot(id, dir);
    const credentials = serverCredentials();
    const dataDir = dataDirFor(dir, slot);
    const blueprint = drawBlueprint(
      { id, slot, dir, dataDir, network, ...(credentials && { credentials }) },
      settings,
    );
    const starter = identify(process.pid);
    if (!starter) throw new LabError('/proc is not readable');
    const description = describeLab(blueprint);
    const state: LabState = {
      incarnation: randomUUID(),
      phase: 'starting',
      starter,
      belongsToStarter,
      blueprint,
      description,
    };
    writeState(state);
    return state;
  } catch (error) {
    if (slot !== undefined) releaseSlot(slot, dir);
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

function claimFolder(wanted: string | undefined): { id: string; dir: string } {
  const base = ensureBaseDir();
  const candidates = wanted ? [wanted] : Array.from({ length: MAX_LABS }, (_, n) => `lab${n + 1}`);
  const id = candidates.find((each) => !idTaken(each) && !existsSync(join(base, each)));
  if (id === undefined) {
    throw new LabError(
      wanted
        ? `lab '${wanted}' is on this machine already: choose another id, or end it by 'pnpm lab down ${wanted}'`
        : `${MAX_LABS} labs are on this machine already`,
    );
  }
  const dir = join(base, id);
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  return { id, dir };
}

async function startEverything(state: LabState, say: (line: string) => void): Promise<void> {
  const { blueprint } = state;
  const { dir, dataDir, settings } = blueprint;
  rmSync(dataDir, { recursive: true, force: true });
  for (const folder of [
    dataDir,
    paths.logs(dir),
    paths.servers(dir),
    paths.faults(dir),
    join(paths.logs(dir), 'lab'),
  ]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o755);
  }
  const network = blueprint.names ? createNetwork(blueprint) : refuseTakenPorts(blueprint);
  await Promise.all([network, createCertificates(blueprint)]);
  say(`network (${blueprint.network}) and certificates are made`);
  const servers = new Servers(paths.servers(dir));
  const starting = Promise.all([
    settings.postgres && startPostgres(blueprint, settings.postgres, servers, say),
    settings.redis && startRedis(blueprint, settings.redis, servers, say),
    startSupervisor(blueprint, servers),
  ]).then(() => waitHealthy(blueprint, UP_TIMEOUT_MS));
  await Promise.race([starting, endOfAny(servers, starting)]);
  await setLoopWait(blueprint);
}

/** Rejects when a server ends while the lab comes up, with the end of its log. */
async function endOfAny(servers: Servers, until: Promise<unknown>): Promise<never> {
  let settled = false;
  const done = (): void => void (settled = true);
  until.then(done, done);
  const ended = ({ process }: Server): boolean => process !== undefined && !isAlive(process);
  return eventually(
    'start',
    UP_TIMEOUT_MS + 5_000,
    () => {
      if (settled) throw new GiveUp('the lab is up');
      const dead = servers.all().find(ended);
      if (!dead) throw new Error('all servers run');
      const { spec } = dead;
      throw new GiveUp(`${nameOf(spec)} ended; the end of ${spec.logFile}:\n${lastLines(spec.logFile)}`);
    },
    250,
  );
}

async function startPostgres(
  blueprint: Blueprint,
  settings: Exclude<Settings['postgres'], false>,
  servers: Servers,
  say: (line: string) => void,
): Promise<void> {
  const { hosts } = blueprint;
  await Promise.all(hosts.map((host) => servers.start(etcdSpec(blueprint, host))));
  const [first, ...others] = hosts;
  if (!first) throw new LabError('the lab has no hosts');
  const quorum = async (): Promise<void> => {
    const answer = await fetch(`${etcdUrl(blueprint, first)}/health`, { signal: AbortSignal.timeout(500) });
    if (!answer.ok) throw new Error(`etcd of ${first.name} is not healthy`);
  };
  await eventually('etcd', UP_TIMEOUT_MS, quorum, 50);
  say('etcd has a leader');
  if (settings && blueprint.settings.haproxy)
    await servers.start(haproxySpec(blueprint, blueprint.settings.haproxy));
  if (blueprint.settings.pgbouncer) await servers.start(pgbouncerSpec(blueprint));
  await servers.start(patroniSpec(blueprint, first, settings));
  const leading = (): Promise<string> => leaderName(blueprint);
  await eventually('PostgreSQL primary', UP_TIMEOUT_MS, leading, 50);
  say(`PostgreSQL is initialised on ${first.name}`);
  await Promise.all(others.map((host) => servers.start(patroniSpec(blueprint, host, settings))));
}

/** Patroni took a short loop to form the cluster; now it gets the one that was asked for. */
async function setLoopWait({ settings, hosts, ...rest }: Blueprint): Promise<void> {
  const [first] = hosts;
  if (!settings.postgres || !first) return;
  const body = { loop_wait: settings.postgres.loopWait };
  const { status, body: answer } = await patroniCall({ settings, hosts, ...rest }, first, '/config', {
    method: 'PATCH',
    body,
  });
  if (status !== 200) throw new LabError(`PATCH /config of ${first.name} answered ${status}: ${answer}`);
}

async function startRedis(
  blueprint: Blueprint,
  settings: Exclude<Settings['redis'], false>,
  servers: Servers,
  say: (line: string) => void,
): Promise<void> {
  const { hosts } = blueprint;
  await Promise.all(hosts.map((host) => servers.start(redisSpec(blueprint, host, settings))));
  // Sentinel asks the master for its replicas at once and then every 10 s: they must be attached before.
  const attached = async (): Promise<void> => {
    const [first] = hosts;
    if (!first) throw new LabError('the lab has no hosts');
    const { replicas } = await redisRole(blueprint, first);
    if (replicas < hosts.length - 1) throw new Error(`the master feeds ${replicas} replicas`);
  };
  await eventually('Redis replication', UP_TIMEOUT_MS, attached, 50);
  say('Redis replicates');
  await Promise.all(hosts.map((host) => servers.start(sentinelSpec(blueprint, host, settings))));
}

async function startSupervisor({ dir }: Blueprint, servers: Servers): Promise<void> {
  // The same module runs as source and as build output: its sibling has the same ending.
  const main = fileURLToPath(new URL(`./supervisor/main${import.meta.url.slice(-3)}`, import.meta.url));
  await servers.start({
    host: 'lab',
    server: 'supervisor',
    command: process.execPath,
    args: [main, dir],
    cwd: dir,
    logFile: paths.log(dir, 'lab', 'supervisor'),
  });
  const answering = (): Promise<{ pid: number }> => supervisorCall(dir, 'ping');
  await eventually('supervisor', UP_TIMEOUT_MS, answering, 50);
}
