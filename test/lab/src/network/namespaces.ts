import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { allProcesses, signal, type ProcessIdentity } from '../process/identity.ts';
import { execFile } from 'node:child_process';
import { LabError } from '../errors.ts';
import { run } from '../process/run.ts';
import { eventually } from '../process/wait.ts';
import {
  BALANCER,
  PLANE_PREFIX_LENGTH,
  PLANES,
  type Blueprint,
  type NetworkNames,
  type Plane,
} from '../blueprint.ts';

/** Whether this process may make network namespaces. Tried, since capabilities alone do not tell. */
export async function canMakeNamespaces(): Promise<{ able: true } | { able: false; why: string }> {
  // Two labs may start in one process at the same time.
  const name = `sf-try-${randomUUID().slice(0, 13)}`;
  try {
    await run('ip', ['netns', 'add', name]);
    await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    return { able: true };
  } catch (error) {
    return { able: false, why: error instanceof Error ? error.message : String(error) };
  } finally {
    if (existsSync(`/run/netns/${name}`)) await run('ip', ['netns', 'del', name]);
  }
}

/**
 * Makes the lab's network: a switch (a namespace with a bridge for each plane) and a namespace for each host,
 * linked to the bridges by veths; the root namespace is linked too. The bridges live in a namespace of their own
 * because the root's firewall (a Docker daemon sets FORWARD to DROP) would otherwise judge the bridged packets.
 */
export async function createNetwork(blueprint: Blueprint): Promise<void> {
  const names = namesOf(blueprint);
  refuseTakenNames(names);
  for (const name of [names.switch, ...Object.values(names.hosts)]) await run('ip', ['netns', 'add', name]);
  await batch(names.switch, [
    'link set lo up',
    ...PLANES.flatMap((plane) => [`link add ${plane} type bridge`, `link set ${plane} up`]),
  ]);
  for (const plane of PLANES) {
    const { client, manager } = blueprint.root[plane];
    const device = names.roots[plane];
    await batch(undefined, [
      `link add ${device} type veth peer name root-${plane} netns ${names.switch}`,
      `addr add ${client}/${PLANE_PREFIX_LENGTH} dev ${device}`,
      `addr add ${manager}/${PLANE_PREFIX_LENGTH} dev ${device}`,
      `link set ${device} up`,
    ]);
  }
  for (const host of Object.keys(names.hosts)) await connectHost(blueprint, names, host);
  const ports = ['root', ...Object.keys(names.hosts)].flatMap((host) =>
    planesOf(host).map((plane) => ({ port: `${host}-${plane}`, plane })),
  );
  await batch(
    names.switch,
    ports.flatMap(({ port, plane }) => [`link set ${port} master ${plane}`, `link set ${port} up`]),
  );
}

async function connectHost(blueprint: Blueprint, names: NetworkNames, host: string): Promise<void> {
  const namespace = names.hosts[host] ?? '';
  const address = addressesOf(blueprint, host);
  await batch(namespace, [
    'link set lo up',
    ...planesOf(host).flatMap((plane) => [
      `link add ${plane} type veth peer name ${host}-${plane} netns ${names.switch}`,
      `addr add ${address[plane]}/${PLANE_PREFIX_LENGTH} dev ${plane}`,
      `link set ${plane} up`,
    ]),
    // Rules that drop by address must come before the rule that delivers locally, which is the very first.
    'rule add pref 100 lookup local',
    'rule del pref 0',
  ]);
}

/** Planes a host is linked to: the load balancer needs the data plane alone. */
export function planesOf(host: string): readonly Plane[] {
  return host === BALANCER ? ['data'] : PLANES;
}

function addressesOf(blueprint: Blueprint, host: string): Record<Plane, string> {
  const found = blueprint.hosts.find(({ name }) => name === host);
  return found
    ? { data: found.ip, etcd: found.etcdIp, redis: found.redisIp }
    : { data: blueprint.balancerIp, etcd: '', redis: '' };
}

/** Plugs or unplugs a host's cables at the switch: the host keeps its addresses and hears nothing more. */
export async function setLinks(
  blueprint: Blueprint,
  host: string,
  planes: readonly Plane[],
  state: 'up' | 'down',
): Promise<void> {
  await batch(
    namesOf(blueprint).switch,
    planes.map((plane) => `link set ${host}-${plane} ${state}`),
  );
}

const DROP_PREFERENCE = 50;

/** Drops, both ways and silently, all packets between a host and the addresses that clients dial from. */
export async function setClientsDropped(blueprint: Blueprint, host: string, dropped: boolean): Promise<void> {
  const clients = planesOf(host).map((plane) => blueprint.root[plane].client);
  await setDropped(blueprint, host, clients, dropped);
}

/** Drops, both ways and silently, all packets between a host and the other hosts of a plane: clients still reach it. */
export async function setPeersDropped(
  blueprint: Blueprint,
  host: string,
  plane: Plane,
  dropped: boolean,
): Promise<void> {
  const others = blueprint.hosts.filter(({ name }) => name !== host);
  const addresses = others.map(({ name }) => addressesOf(blueprint, name)[plane]);
  await setDropped(blueprint, host, addresses, dropped);
}

async function setDropped(
  blueprint: Blueprint,
  host: string,
  addresses: readonly string[],
  dropped: boolean,
): Promise<void> {
  const action = dropped ? 'add' : 'del';
  const rules = addresses.flatMap((address) =>
    ['from', 'to'].map((side) => `rule ${action} pref ${DROP_PREFERENCE} ${side} ${address} blackhole`),
  );
  await batch(namespaceOf(blueprint, host), rules);
}

/** Every process in a namespace. */
export function processesIn(namespace: string): ProcessIdentity[] {
  const file = `/run/netns/${namespace}`;
  if (!existsSync(file)) return [];
  const wanted = `net:[${statSync(file).ino}]`;
  return allProcesses()
    .filter(({ pid }) => namespaceLink(pid) === wanted)
    .map(({ pid, startTicks }) => ({ pid, startTicks }));
}

/** Ends every process in the lab's namespaces and deletes namespaces and interfaces; what is gone is skipped. */
export async function destroyNetwork(blueprint: Blueprint): Promise<void> {
  const names = namesOf(blueprint);
  const namespaces = [...Object.values(names.hosts), names.switch];
  const empty = (): void => {
    const left = namespaces.flatMap(processesIn);
    for (const each of left) signal(each, 'SIGKILL');
    if (left.length > 0) throw new Error(`${left.length} processes still run`);
  };
  await eventually(`end of the processes of lab '${blueprint.id}'`, 5_000, empty, 20);
  // Each veth explicitly: a namespace outlives its name while a process in it is still exiting.
  for (const device of Object.values(names.roots)) await ignoring(['link', 'del', device]);
  if (existsSync(`/run/netns/${names.switch}`)) {
    for (const host of Object.keys(names.hosts)) {
      for (const plane of planesOf(host))
        await ignoring(['-n', names.switch, 'link', 'del', `${host}-${plane}`]);
    }
  }
  for (const namespace of namespaces) await ignoring(['netns', 'del', namespace]);
  const left = namespaces.filter((name) => existsSync(`/run/netns/${name}`));
  if (left.length > 0) throw new LabError(`network namespaces that cannot be deleted: ${left.join(', ')}`);
}

/** Whether an address of the lab's subnet, or one of its interfaces, is on this machine already. */
export function subnetTaken(prefix: string, slot: number): boolean {
  const interfaces = networkInterfaces();
  const taken = Object.values(interfaces).some((list) =>
    list?.some(({ address }) => address.startsWith(prefix)),
  );
  const devices = readdirSync('/sys/class/net');
  return taken || PLANES.some((plane) => devices.includes(`sf${slot}${plane}`));
}

export function namespaceOf(blueprint: Blueprint, host: string): string {
  const name = namesOf(blueprint).hosts[host];
  if (name) return name;
  throw new LabError(`host '${host}': allowed are ${Object.keys(namesOf(blueprint).hosts).join(', ')}`);
}

function namesOf(blueprint: Blueprint): NetworkNames {
  if (blueprint.names) return blueprint.names;
  throw new LabError(`lab '${blueprint.id}' runs on loopback: it has no network namespaces`);
}

function refuseTakenNames(names: NetworkNames): void {
  const taken = [names.switch, ...Object.values(names.hosts)].find((name) =>
    existsSync(`/run/netns/${name}`),
  );
  if (!taken) return;
  throw new LabError(
    `network namespace '${taken}' exists already: choose another lab id, or delete it by 'ip netns del ${taken}'`,
  );
}

function namespaceLink(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

/** Several commands of `ip` by one process, which is a multiple faster. */
async function batch(namespace: string | undefined, commands: readonly string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const args = [...(namespace ? ['-n', namespace] : []), '-batch', '-'];
    const child = execFile('ip', args, { timeout: 10_000 }, (error, _stdout, stderr) => {
      if (error) reject(new LabError(`ip ${args.join(' ')}: ${stderr.trim()} (${commands.join('; ')})`));
      else resolve();
    });
    child.stdin?.end(`${commands.join('\n')}\n`);
  });
}

/** For deleting: what is not there needs no deleting. */
async function ignoring(args: readonly string[]): Promise<void> {
  await run('ip', args).catch(() => undefined);
}
