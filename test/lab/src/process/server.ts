import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { identify, isAlive, signal, type ProcessIdentity } from './identity.ts';
import { eventually } from './wait.ts';

/** All that is needed to start a server of the lab, now or again later, from whichever process. */
export interface ServerSpec {
  /** h1..h3, lb, or lab for what runs beside the hosts. */
  host: string;
  /** postgres runs under patroni and has no specification of its own. */
  server:
    | 'etcd'
    | 'patroni'
    | 'redis'
    | 'sentinel'
    | 'haproxy'
    | 'pgbouncer'
    | 'supervisor'
    // of a fault, while that lasts
    | 'twin'
    | 'other-redis';
  command: string;
  args: string[];
  cwd: string;
  logFile: string;
  env?: Record<string, string>;
  /** Network namespace to run in. */
  namespace?: string;
  /** Whose rights it runs with; only root can choose. */
  credentials?: { uid: number; gid: number };
}

export interface Server {
  spec: ServerSpec;
  process?: ProcessIdentity;
}

/** Servers live in sbin, which a user's PATH may leave out. */
const PATH = [process.env['PATH'] ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'].join(
  ':',
);

/** The servers of one lab: a file each says how to start it, another one which process it is. */
export class Servers {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async start(spec: ServerSpec): Promise<ProcessIdentity> {
    this.#write(`${nameOf(spec)}.spec.json`, spec);
    const process = await spawnDetached(spec);
    this.#write(`${nameOf(spec)}.pid.json`, process);
    return process;
  }

  /** Starts a stopped server again; one that runs is left alone. */
  async revive(host: string, server: ServerSpec['server']): Promise<ProcessIdentity> {
    const found = this.get(host, server);
    return found.process && isAlive(found.process) ? found.process : this.start(found.spec);
  }

  get(host: string, server: ServerSpec['server']): Server {
    const found = this.find(host, server);
    if (!found) throw new LabError(`there is no ${server} on ${host} in this lab`);
    return found;
  }

  find(host: string, server: ServerSpec['server']): Server | undefined {
    return this.all().find(({ spec }) => spec.host === host && spec.server === server);
  }

  on(host: string): Server[] {
    return this.all().filter(({ spec }) => spec.host === host);
  }

  all(): Server[] {
    return readdirSync(this.#dir)
      .filter((name) => name.endsWith('.spec.json'))
      .sort()
      .map((name) => {
        const spec = this.#read<ServerSpec>(name);
        const process = this.#read<ProcessIdentity>(name.replace('.spec.', '.pid.'));
        return spec && { spec, ...(process && { process }) };
      })
      .filter((server) => server !== undefined);
  }

  /** A server that a fault added is none of the host's any more. */
  forget(host: string, server: ServerSpec['server']): void {
    for (const file of ['spec', 'pid'])
      rmSync(join(this.#dir, `${nameOf({ host, server })}.${file}.json`), { force: true });
  }

  /** The running process of a server; an error names a server that does not run. */
  running(host: string, server: ServerSpec['server']): ProcessIdentity {
    const { process } = this.get(host, server);
    if (!process || !isAlive(process)) throw new LabError(`${server} on ${host} does not run`);
    return process;
  }

  /** Signals a server and waits for its end; SIGKILL where it takes too long. True if it was running. */
  async stop(
    host: string,
    server: ServerSpec['server'],
    name: NodeJS.Signals,
    graceMs = 5_000,
  ): Promise<boolean> {
    const { process } = this.get(host, server);
    if (!process || !signal(process, name)) return false;
    try {
      await gone(process, graceMs);
    } catch {
      signal(process, 'SIGKILL');
      await gone(process, 5_000);
    }
    return true;
  }

  #write(file: string, value: unknown): void {
    const path = join(this.#dir, file);
    writeFileSync(`${path}.new`, JSON.stringify(value, null, 2), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  #read<T>(file: string): T | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#dir, file), 'utf8')) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

export function nameOf(spec: { host: string; server: string }): string {
  return `${spec.host}.${spec.server}`;
}

/** Resolves when the process is gone. */
export async function gone(process: ProcessIdentity, timeoutMs: number): Promise<void> {
  const stillThere = (): void => {
    if (isAlive(process)) throw new Error(`process ${process.pid} still runs`);
  };
  await eventually(`end of process ${process.pid}`, timeoutMs, stillThere, 10);
}

/** The last lines of a server's log, for the message about a server that did not come up. */
export function lastLines(file: string, count = 8): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '(no log)';
  }
}

async function spawnDetached(spec: ServerSpec): Promise<ProcessIdentity> {
  const [command, ...args] = commandLine(spec) as [string, ...string[]];
  const log = openSync(spec.logFile, 'a', 0o644);
  try {
    // Nothing of the caller's environment (PG*, HOME) may reach a server.
    const env: NodeJS.ProcessEnv = { PATH, LANG: 'C.UTF-8', HOME: spec.cwd, ...spec.env };
    const child = spawn(command, args, { cwd: spec.cwd, env, detached: true, stdio: ['ignore', log, log] });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid ?? -1));
    });
    child.unref();
    const started = identify(pid);
    if (started) return started;
    throw new LabError(
      `${nameOf(spec)} ended at once; the end of ${spec.logFile}:\n${lastLines(spec.logFile)}`,
    );
  } finally {
    closeSync(log);
  }
}

/** nsenter and setpriv replace themselves by the next program: the pid stays the server's own. */
function commandLine(spec: ServerSpec): string[] {
  const line = [spec.command, ...spec.args];
  if (spec.credentials) {
    const { uid, gid } = spec.credentials;
    line.unshift('setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--');
  }
  if (spec.namespace) line.unshift('nsenter', `--net=/run/netns/${spec.namespace}`, '--');
  return line;
}
