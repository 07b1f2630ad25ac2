import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from '@steadfast/lab';
import { cellsOf } from './analysis/cell.ts';
import { CLIENTS } from './clients/registry.ts';
import type { CampaignFault } from './faults/campaign-fault.ts';
import { CAMPAIGN_FAULTS, composedFaults } from './faults/faults.ts';
import { HELP, parseOptions, UsageError, type CampaignOptions } from './options.ts';
import { circumstances } from './output/circumstances.ts';
import { between } from './output/publish.ts';
import { markdown } from './output/tables.ts';
import { isPicked, planOf, QUICK, seededRandom } from './plan.ts';
import { runCampaign } from './run/campaign.ts';
import { SETTINGS, type Setting } from './settings.ts';

const RESULTS = fileURLToPath(new URL('../../../bench/RESULTS.md', import.meta.url));
const WRITERS = 8;
const LESSER: ReadonlySet<string> = new Set(['sync-off', 'down-after-5000']);
/** Settings of the second rank are run with the faults in which they differ. */
const LESSER_FAULTS = [
  'switchover',
  'crash',
  'freeze',
  'partition',
  'sentinel-failover',
  'redis-crash',
  'redis-freeze',
  'redis-partition-peers',
];

/** Pairs and random schedules are made on the first setting of each library. */
const FIRST = SETTINGS.filter(({ name }) => !LESSER.has(name)).map(({ name }) => name);

function pickedBy(options: CampaignOptions, drawn: readonly CampaignFault[]): readonly string[] {
  const { only, quick } = options;
  if (only.length > 0) return only;
  if (drawn.length > 0) return FIRST.flatMap((name) => drawn.map((fault) => `${name}/${fault.name}`));
  if (quick) return QUICK;
  return [...FIRST, ...[...LESSER].flatMap((name) => LESSER_FAULTS.map((fault) => `${name}/${fault}`))];
}

function stepsOf(options: CampaignOptions, faults: readonly CampaignFault[]): ReturnType<typeof planOf> {
  const { quick, repeat, seed } = options;
  const drawn = faults.filter((fault) => !CAMPAIGN_FAULTS.includes(fault));
  const once = quick || drawn.length > 0;
  const byDefault = (setting: Setting): number => (once ? 1 : LESSER.has(setting.name) ? 2 : 5);
  return planOf({
    settings: SETTINGS,
    faults,
    clients: CLIENTS.filter(({ name }) => isPicked(name, options.clients)),
    alone: options.alone,
    only: pickedBy(options, drawn),
    repeat: (setting) => repeat ?? byDefault(setting),
    random: seededRandom(seed),
  });
}

async function campaign(options: CampaignOptions): Promise<void> {
  const startedAt = monotonicMs();
  const faults = [...CAMPAIGN_FAULTS, ...composedFaults(options)];
  const steps = stepsOf(options, faults);
  const say = (line: string): void => console.log(line);
  say(
    `${steps.length} runs of ${new Set(steps.flatMap(({ clients }) => clients)).size} clients, seed ${options.seed}; results in ${options.out}`,
  );
  for (const { name, library, meaning } of faults.filter((fault) => !CAMPAIGN_FAULTS.includes(fault)))
    say(`${library} ${name}: ${meaning}`);
  const { rate, out, resume, quick } = options;
  const runs = await runCampaign({
    steps,
    writers: WRITERS,
    rate,
    random: seededRandom(options.seed + 1),
    folder: out,
    brief: quick,
    resume,
    say,
  });
  const cells = cellsOf(runs, CLIENTS);
  const tables = markdown(cells, { settings: SETTINGS, faults, clients: CLIENTS });
  const minutes = Math.round((monotonicMs() - startedAt) / 60_000);
  const about = `${circumstances()}. ${WRITERS} open-loop writers a client, ${rate} calls a second each; seed ${options.seed}; ${minutes} min.`;
  writeFileSync(join(out, 'cells.json'), `${JSON.stringify({ about, cells }, undefined, 2)}\n`);
  writeFileSync(join(out, 'tables.md'), `${about}\n\n${tables}\n`);
  say(`\n${tables}`);
  if (options.publish) publish(options.alone, about, tables);
}

function publish(alone: boolean, about: string, tables: string): void {
  const text = readFileSync(RESULTS, 'utf8');
  const [command, title] = alone
    ? ['pnpm campaign --alone --publish', '`pnpm campaign --alone`: each client by itself']
    : ['pnpm campaign --publish', '`pnpm campaign`: every client under the same faults'];
  writeFileSync(RESULTS, between(text, command, `## ${title}\n\n${about}\n\n${tables}`));
}

try {
  const options = parseOptions(process.argv.slice(2), randomInt(1, 2 ** 32 - 1));
  if (options === 'help') console.log(HELP);
  else if (options === 'list') {
    for (const { name, library, meaning, aboutS } of CAMPAIGN_FAULTS)
      console.log(`${library.padEnd(6)} ${name.padEnd(24)} ${String(aboutS).padStart(3)} s  ${meaning}`);
  } else await campaign(options);
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 1;
}
