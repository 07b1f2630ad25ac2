import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths, type Blueprint } from '../blueprint.ts';
import { give } from './hosted.ts';

/** Writes a server's configuration into its data folder, readable by the servers' user alone. */
export function writeConfig(
  blueprint: Blueprint,
  host: string,
  server: string,
  file: string,
  lines: string | readonly string[],
): string {
  const path = join(paths.data(blueprint, host, server), file);
  writeFileSync(path, typeof lines === 'string' ? lines : `${lines.join('\n')}\n`, { mode: 0o600 });
  give(blueprint, path);
  return path;
}
