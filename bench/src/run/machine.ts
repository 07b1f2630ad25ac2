import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { withClient } from '../clients/bench-client.ts';
import { pgHa } from '../clients/sql-clients.ts';
import { redisHa } from '../clients/redis-clients.ts';
import type { Machine } from '../result.ts';
import type { Target } from '../targets/target.ts';

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    os: `${type()} ${release().split('-')[0]}`,
  };
}

const PACKAGES = ['@steadfast/pg-ha', '@steadfast/redis-ha', 'pg', 'ioredis'];

/** Of this process and its clients, and what each server says of itself. */
export async function versions(targets: readonly Target[]): Promise<Record<string, string>> {
  const require = createRequire(import.meta.url);
  const found: Record<string, string> = { 'Node.js': process.versions.node };
  for (const name of PACKAGES) {
    const file = require.resolve
      .paths(name)
      ?.map((folder) => `${folder}/${name}/package.json`)
      .find(readable);
    if (file) found[name] = (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  const servers = new Map(targets.map((target) => [target.server, target]));
  for (const target of servers.values()) {
    const version = await serverVersion(target).catch(() => 'unknown');
    found[`${target.library === 'pg' ? 'PostgreSQL' : 'Redis'}, ${target.server}`] = version;
  }
  return found;
}

function readable(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

async function serverVersion({ library, env }: Target): Promise<string> {
  if (library === 'pg')
    return withClient(pgHa.open(env, 1), async (client) => {
      const { rows } = await client.query('SHOW server_version');
      return (rows[0] as { server_version: string }).server_version;
    });
  const info = await withClient(redisHa.open(env, 1), (client) => client.command('info', 'server'));
  return /(?:valkey|redis)_version:(\S+)/.exec(String(info))?.[1] ?? 'unknown';
}
