import { readFile, writeFile } from 'node:fs/promises';
import { runFleet, type FleetRun } from './fleet.ts';
import { FLEETS } from './kinds.ts';

const SIZES = [10, 100, 1_000, 10_000];
const BEGIN = '<!-- fleet: begin -->';
const END = '<!-- fleet: end -->';
const RESULTS = new URL('../../../../bench/RESULTS.md', import.meta.url);

/** Sends fleets of every size through a failover, prints what came of it, and keeps it with the results. */
export async function fleetTables(most: number): Promise<void> {
  const parts: string[] = [];
  for (const name of ['patroni', 'sentinel'] as const) {
    const rows: string[] = [];
    for (const paced of [true, false])
      for (const processes of SIZES.filter((size) => size <= most)) {
        const row = rowOf(await runFleet(FLEETS[name], processes, paced));
        console.log(`${name} ${row}`);
        rows.push(row);
      }
    parts.push(tableOf(name, rows));
  }
  if (most >= (SIZES.at(-1) ?? 0)) await keep(parts.join('\n\n'));
  console.log(`\n${parts.join('\n\n')}`);
}

function tableOf(name: 'patroni' | 'sentinel', rows: readonly string[]): string {
  const { pool, loginMs, planeMs, questionMs } = FLEETS[name];
  const plane = name === 'patroni' ? "Patroni's REST API" : 'a sentinel';
  return `### ${name}

Each process wants ${pool} connection${pool === 1 ? '' : 's'}; a login takes the new primary ${loginMs} ms, a question on a connection that stands ${questionMs} ms, a question to ${plane} ${planeMs} ms, one after the other. Knocks are packets that ask the new primary for a connection, let in or not. A login in vain is one that nobody waited for any more. "Busiest": in the busiest tenth of a second, by the second.

| processes | paced | dials, busiest /s | dials at once | knocks at the new primary, busiest /s | its logins (in vain) | ${plane}, busiest /s each (mean of the outage) | first connection p50 / p99 | all connections p50 / p99 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}`;
}

function rowOf(run: FleetRun): string {
  const cells = [
    count(run.processes),
    run.paced ? 'yes' : 'no',
    count(run.busiestDials),
    count(run.mostDialsOpen),
    count(run.busiestKnocks),
    `${count(run.logins)} (${count(run.inVain)})`,
    `${count(run.busiestPlane)} (${count(run.meanPlane)})`,
    spread(run.first),
    spread(run.last),
  ];
  return `| ${cells.join(' | ')} |`;
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

function spread(sorted: readonly number[]): string {
  const at = (share: number): string => {
    const ms = sorted[Math.floor(share * (sorted.length - 1))] ?? Infinity;
    if (!Number.isFinite(ms)) return 'never';
    return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
  };
  return `${at(0.5)} / ${at(0.99)}`;
}

async function keep(tables: string): Promise<void> {
  const text = await readFile(RESULTS, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`bench/RESULTS.md has no ${BEGIN} and ${END}`);
  await writeFile(RESULTS, `${text.slice(0, from + BEGIN.length)}\n\n${tables}\n\n${text.slice(to)}`);
}
