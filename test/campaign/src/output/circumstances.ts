import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, release, totalmem } from 'node:os';

/** What the figures were measured on: versions and the size of the machine, never its name. */
export function circumstances(): string {
  const require = createRequire(import.meta.url);
  const version = (name: string): string => {
    const { version: found } = JSON.parse(readFileSync(packageFile(require, name), 'utf8')) as {
      version: string;
    };
    return `${name} ${found}`;
  };
  const parts = [
    new Date().toISOString().slice(0, 10),
    `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release().split('-')[0]}`,
    `Node.js ${process.versions.node}`,
    program('postgres', ['/usr/lib/postgresql/15/bin/postgres', '--version'], /\d+\.\d+/, 'PostgreSQL'),
    program('patroni', ['patroni', '--version'], /\d+\.\d+\.\d+/, 'Patroni'),
    program('haproxy', ['haproxy', '-v'], /\d+\.\d+\.\d+/, 'HAProxy'),
    program('redis', ['redis-server', '--version'], /\d+\.\d+\.\d+/, 'Redis'),
    ...['pg', 'postgres', 'ioredis', 'redis'].map(version),
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function program(_: string, [command = '', ...args]: string[], pattern: RegExp, title: string): string {
  try {
    const found = pattern.exec(
      execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    return found ? `${title} ${found[0]}` : '';
  } catch {
    return '';
  }
}

/** The nearest package.json of that name above its entry: not every package exports its own. */
function packageFile(require: NodeJS.Require, name: string): string {
  const entry = require.resolve(name);
  const marker = `/node_modules/${name}/`;
  return `${entry.slice(0, entry.lastIndexOf(marker) + marker.length)}package.json`;
}
