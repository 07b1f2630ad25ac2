import { chownSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { paths, type Blueprint } from '../blueprint.ts';
import type { ServerSpec } from '../process/server.ts';

/** A server on one of the lab's hosts: in the host's namespace, with the servers' rights, with a log of its own. */
export function hosted(
  blueprint: Blueprint,
  host: string,
  rest: Pick<ServerSpec, 'server' | 'command' | 'args' | 'env'>,
  logName: string = rest.server,
): ServerSpec {
  const cwd = paths.data(blueprint, host, rest.server);
  const logFile = paths.log(blueprint.dir, host, logName);
  const namespace = blueprint.names?.hosts[host];
  mkdirSync(dirname(logFile), { recursive: true });
  mkdirSync(cwd, { recursive: true });
  for (const dir of [cwd, dirname(cwd), dirname(logFile)]) give(blueprint, dir);
  return {
    host,
    cwd,
    logFile,
    ...rest,
    ...(namespace && { namespace }),
    ...(blueprint.credentials && { credentials: blueprint.credentials }),
  };
}

/** Makes a file or folder the servers' own. */
export function give(blueprint: Blueprint, path: string): void {
  const { credentials } = blueprint;
  if (credentials) chownSync(path, credentials.uid, credentials.gid);
}
