/** Real servers on loopback for the tests beside this file, without a cluster manager. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RespConnection } from './resp-connection.ts';
import type { RespValue } from './resp.ts';

const run = promisify(execFile);
const PG_BIN = '/usr/lib/postgresql/15/bin';
const READY_MS = 15_000;

export const PASSWORD = 'secret';

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A folder of the user who runs the servers: PostgreSQL refuses to be run by root. */
export async function serverFolder(name: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), `steadfast-${name}-`));
  await chmod(dir, 0o700);
  const { uid, gid } = await serverUser();
  if (uid !== undefined && gid !== undefined) await chown(dir, uid, gid);
  return dir;
}

async function serverUser(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] = (await run('getent', ['passwd', 'postgres'])).stdout.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

export class TestServer {
  readonly name: string;
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly dir: string;
  readonly #child: ChildProcess;

  private constructor(name: string, port: number, dir: string, child: ChildProcess) {
    this.name = name;
    this.port = port;
    this.dir = dir;
    this.#child = child;
  }

  static async start(
    name: string,
    port: number,
    dir: string,
    program: string,
    args: string[],
  ): Promise<TestServer> {
    const user = await serverUser();
    const child = spawn(program, args, { ...user, cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
    await once(child, 'spawn');
    await accepting(port);
    return new TestServer(name, port, dir, child);
  }

  /** Signals the server and its children: backends of PostgreSQL are processes of their own. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const pid = this.#child.pid;
    if (pid === undefined || this.#child.exitCode !== null) return;
    const path = `/proc/${pid}/task/${pid}/children`;
    const children = (await readFile(path, 'utf8').catch(() => '')).split(' ').map(Number);
    for (const each of [pid, ...children.filter((child) => child > 1)]) {
      try {
        process.kill(each, signal);
      } catch {
        // It ended on its own in between.
      }
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    await this.signal('SIGKILL');
    await exited;
  }
}

async function accepting(port: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < READY_MS; waitedMs += 20) {
    const socket = createConnection(port, '127.0.0.1');
    const accepted = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (accepted) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no server on port ${port} within ${READY_MS} ms`);
}

/** A PostgreSQL server: a primary, or a standby of another one. */
export async function startPostgres(folder: string, name: string, primary?: TestServer): Promise<TestServer> {
  const user = await serverUser();
  const dir = join(folder, name);
  const port = await freePort();
  if (primary) {
    const from = `host=127.0.0.1 port=${primary.port} user=postgres password=${PASSWORD}`;
    await run(`${PG_BIN}/pg_basebackup`, ['-D', dir, '-d', from, '-R', '-c', 'fast', '-X', 'stream'], user);
  } else {
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, PASSWORD, { mode: 0o644 });
    const auth = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    await run(`${PG_BIN}/initdb`, ['-D', dir, '--no-sync', ...auth], { ...user, cwd: folder });
  }
  const settings = [
    'fsync=off',
    'wal_keep_size=64MB',
    'shared_buffers=16MB',
    'log_min_messages=panic',
    `cluster_name=${name}`,
  ];
  await appendFile(
    join(dir, 'postgresql.auto.conf'),
    settings.map((each) => `${each.replace('=', " = '")}'\n`).join(''),
  );
  const args = ['-D', dir, '-p', String(port), '-h', '127.0.0.1', '-k', folder];
  const server = await TestServer.start(name, port, dir, `${PG_BIN}/postgres`, args);
  await answering(port);
  return server;
}

/** An open port is not enough: a server that starts up refuses every session. */
async function answering(port: number): Promise<void> {
  const deadline = performance.now() + READY_MS;
  const asked = ['-q', '-h', '127.0.0.1', '-p', String(port)];
  while (performance.now() < deadline) {
    const ready = await run(`${PG_BIN}/pg_isready`, asked).then(
      () => true,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the server on port ${port} takes no sessions within ${READY_MS} ms`);
}

export async function promote(server: TestServer): Promise<void> {
  await run(`${PG_BIN}/pg_ctl`, ['promote', '-D', server.dir, '--no-wait'], await serverUser());
}

/** Starts a server of the Redis family with these configuration lines. */
export async function startRedis(folder: string, name: string, config: string[]): Promise<TestServer> {
  const { uid, gid } = await serverUser();
  const dir = join(folder, name);
  await mkdir(dir);
  const port = await freePort();
  const file = join(dir, 'server.conf');
  await writeFile(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, ...config, ''].join('\n'));
  if (uid !== undefined && gid !== undefined) for (const each of [dir, file]) await chown(each, uid, gid);
  const program = config.some((line) => line.startsWith('sentinel ')) ? 'redis-sentinel' : 'redis-server';
  return await TestServer.start(name, port, dir, program, [file]);
}

export async function redisCommand(server: TestServer, words: string[]): Promise<RespValue | undefined> {
  const connection = new RespConnection(server.host, server.port, { password: PASSWORD });
  try {
    await connection.open();
    return (await connection.send([words]))[0];
  } finally {
    connection.destroy();
  }
}

export async function removeFolder(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
