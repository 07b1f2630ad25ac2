import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endLab, sweepStaleLabs } from '../down.ts';
import { POSTGRES_STRATEGIES, REDIS_STRATEGIES } from '../env.ts';
import { LabError } from '../errors.ts';
import { Lab } from '../lab.ts';
import { baseDir, labIds } from '../state/folder.ts';
import { readState, type LabState } from '../state/state-file.ts';
import type { EnvChoice, LabDescription } from '../types.ts';
import { startLab } from '../up.ts';
import { fault, heal } from './fault-commands.ts';
import { settingsFrom } from './settings.ts';
import { statusLines } from './status-lines.ts';

export interface Command {
  usage: string;
  run(args: string[]): Promise<void>;
}

export const commands: Record<string, Command> = {
  up: {
    usage: 'up [id] [--network auto|namespaces|loopback] [--set postgres.ttl=30 --set haproxy=false …]',
    run: up,
  },
  status: { usage: 'status [id] [--json]', run: status },
  fault: {
    usage: 'fault <name> [--target h1|primary|…] [--lab id] [name=value …] | fault --list',
    run: fault,
  },
  heal: { usage: 'heal [name] [--lab id] [--wait]', run: heal },
  env: { usage: 'env [id] [--postgres patroni|haproxy|…] [--redis sentinel|…]', run: env },
  logs: { usage: 'logs [id] [host/server] [--lines 40]', run: logs },
  down: { usage: 'down [id] [--all] [--keep-logs]', run: down },
  help: { usage: 'help', run: help },
};

async function up(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { network: { type: 'string' }, set: { type: 'string', multiple: true } },
  });
  const [id] = positionals;
  const options = settingsFrom(values.set ?? []);
  if (id !== undefined) options.id = id;
  if (values.network !== undefined) options.network = values.network as 'auto';
  const state = await startLab({ ...options, onProgress: (line) => console.log(line) }, false);
  printLines(describe(state.description));
}

function describe({ id, logDir, postgres, redis }: LabDescription): string[] {
  const at = (list: { host: string; port: number }[]): string =>
    list.map(({ host, port }) => `${host}:${port}`).join(' ');
  return [
    ...(postgres ? [`PostgreSQL  ${at(postgres.members)}`] : []),
    ...(postgres?.haproxy
      ? [
          `HAProxy     ${postgres.haproxy.host}:${postgres.haproxy.primaryPort} primary, :${postgres.haproxy.replicaPort} replicas`,
        ]
      : []),
    ...(redis ? [`Redis       ${at(redis.members)}`, `Sentinel    ${at(redis.sentinels)}`] : []),
    `logs        ${logDir}`,
    `next        pnpm lab status ${id} · pnpm lab env ${id} · pnpm lab down ${id}`,
  ];
}

async function status(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' } },
  });
  const lab = await Lab.attach(positionals[0]);
  const now = await lab.status();
  printLines(
    values.json
      ? [JSON.stringify({ lab: lab.description, status: now }, null, 2)]
      : statusLines(lab.description, now),
  );
}

async function env(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { postgres: { type: 'string' }, redis: { type: 'string' } },
  });
  const lab = await Lab.attach(positionals[0]);
  const choice: EnvChoice = {};
  const both = values.postgres === undefined && values.redis === undefined;
  const postgres = values.postgres ?? (both && lab.description.postgres ? 'patroni' : undefined);
  const redis = values.redis ?? (both && lab.description.redis ? 'sentinel' : undefined);
  if (postgres !== undefined) choice.postgres = oneOf('--postgres', postgres, POSTGRES_STRATEGIES);
  if (redis !== undefined) choice.redis = oneOf('--redis', redis, REDIS_STRATEGIES);
  printLines(Object.entries(lab.env(choice)).map(([name, value]) => `export ${name}='${value}'`));
}

async function logs(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { lines: { type: 'string', default: '40' } },
  });
  const which = positionals.find((word) => word.includes('/'));
  const { description } = await Lab.attach(positionals.find((word) => !word.includes('/')));
  const files = readdirSync(description.logDir, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.log'))
    .sort();
  if (which === undefined) return printLines(files.map((name) => join(description.logDir, name)));
  const file = oneOf('log', `${which}.log`, files);
  const text = readFileSync(join(description.logDir, file), 'utf8').trimEnd().split('\n');
  printLines(text.slice(-Number(values.lines)));
}

async function down(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { all: { type: 'boolean' }, 'keep-logs': { type: 'boolean' } },
  });
  await sweepStaleLabs((line) => console.log(line));
  const ids = labIds();
  if (values.all) {
    for (const id of ids) await end(id, values['keep-logs'] ?? false);
    return;
  }
  const id = positionals[0] ?? (ids.length === 1 ? ids[0] : undefined);
  if (id === undefined && ids.length > 1)
    throw new LabError(`several labs are there, name one of: ${ids.join(', ')}`);
  if (id === undefined) return console.log(`no lab is there under ${baseDir()}`);
  await end(oneOf('lab', id, ids), values['keep-logs'] ?? false);
}

async function end(id: string, keepLogs: boolean): Promise<void> {
  const state: LabState | undefined = readState(join(baseDir(), id));
  if (!state) throw new LabError(`lab '${id}' is being started and cannot be ended yet`);
  const kept = await endLab(state, { keepLogs });
  console.log(`lab '${id}' is down${kept ? `; its logs are in ${kept}` : ''}`);
}

async function help(): Promise<void> {
  printLines(Object.values(commands).map(({ usage }) => `pnpm lab ${usage}`));
}

function oneOf<T extends string>(what: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new LabError(`${what} '${value}': allowed are ${allowed.join(', ') || 'none'}`);
}

function printLines(lines: readonly string[]): void {
  console.log(lines.join('\n'));
}
