import { accessSync, constants, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Blueprint } from './blueprint.ts';
import { LabError } from './errors.ts';
import { canMakeNamespaces } from './network/namespaces.ts';
import type { Settings } from './options.ts';

interface Program {
  program: string;
  package: string;
}

/** Throws one line that names every missing program and its package. */
export async function requirePrograms(): Promise<void> {
  const url = new URL('../programs.mjs', import.meta.url);
  const { programs } = (await import(url.href)) as { programs: Program[] };
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const missing = programs.filter(({ program }) =>
    program.startsWith('/')
      ? !executable(program)
      : !folders.some((folder) => executable(join(folder, program))),
  );
  if (missing.length === 0) return;
  const list = missing.map((each) => `${each.program} (Debian 12 package ${each.package})`).join(', ');
  throw new LabError(`programs that the lab needs and that are missing: ${list}`);
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Namespaces where they can be made, else loopback, unless one of them was asked for. */
export async function chooseNetwork(
  wanted: Settings['network'],
  onProgress: (line: string) => void,
): Promise<Blueprint['network']> {
  if (wanted === 'loopback') return wanted;
  const namespaces = await canMakeNamespaces();
  if (namespaces.able) return 'namespaces';
  if (wanted === 'namespaces') {
    throw new LabError(
      `network 'namespaces': this process may not make network namespaces: ${namespaces.why}`,
    );
  }
  onProgress('no right to make network namespaces: the lab runs on loopback addresses');
  return 'loopback';
}

/** PostgreSQL refuses to run as root: root gives the servers to the user its package made. */
export function serverCredentials(): { uid: number; gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined;
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'postgres');
  if (!entry) throw new LabError("there is no user 'postgres': install the Debian package postgresql-common");
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** On loopback another program may have a port already: named before anything is started. */
export async function refuseTakenPorts({
  hosts,
  ports,
  balancerIp,
  root,
  settings,
}: Blueprint): Promise<void> {
  const { postgres, redis, haproxy, pgbouncer, managed } = settings;
  const wanted = hosts.flatMap((host) => [
    ...(postgres
      ? ([
          [host.ip, ports.postgres],
          [host.ip, ports.patroni],
          [host.etcdIp, ports.etcd],
          [host.etcdIp, ports.etcdPeer],
        ] as const)
      : []),
    ...(redis
      ? ([
          [host.redisIp, ports.redis],
          [host.redisIp, ports.redisTls],
          [host.redisIp, ports.sentinel],
        ] as const)
      : []),
  ]);
  if (haproxy) {
    for (const port of [ports.haproxyPrimary, ports.haproxyReplica, ports.haproxyStats])
      wanted.push([balancerIp, port]);
  }
  if (pgbouncer) wanted.push([balancerIp, ports.pgbouncer]);
  if (managed) wanted.push([root.data.manager, ports.dns]);
  await Promise.all(wanted.map(([host, port]) => refuseTaken(host, port)));
}

function refuseTaken(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) =>
      reject(new LabError(`port ${port} on ${host} cannot be had: ${error.message}`)),
    );
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}
