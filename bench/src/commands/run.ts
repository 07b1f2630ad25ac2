import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from '@steadfast/lab';
import { labFailovers } from '../failover/lab-failovers.ts';
import { ownFailovers } from '../failover/own-failovers.ts';
import type { BenchResult } from '../result.ts';
import { interruptible, Interrupted } from '../run/interruption.ts';
import { cellsOf, type Chosen } from '../run/cells.ts';
import { parseRun, RUN_USAGE, type RunOptions } from '../run/run-options.ts';
import { dataOf, newDataName } from '../run/sandbox.ts';
import { runSuite, sandboxesOf, type Suite } from '../run/suite.ts';
import { summaryOf } from '../run/summary.ts';
import { labTargets } from '../targets/lab-targets.ts';
import { readTargets } from '../targets/read-targets.ts';
import { redactArguments, Redactor, redactUrl } from '../targets/redact.ts';
import { urlOf, type Target } from '../targets/target.ts';
import { findWorkload, UnknownWorkload } from '../workloads/find-workload.ts';
import { workloads } from '../workloads/registry.ts';
import { makeFolder, UsageError, type Command } from './command.ts';
import { writeReport } from './report.ts';

const INTERRUPTED = 130;
const QUICK_WORKLOADS = ['chatwoot', 'kv', 'connect'];

export const runCommand: Command = {
  name: 'run',
  usage: RUN_USAGE,
  async run(argv) {
    const options = parseRun(argv);
    const command = redactArguments(['steadfast-bench', 'run', ...argv]);
    try {
      return await interruptible((signal) =>
        options.lab ? runOnLab(options, command, signal) : runOnTargets(options, command, signal),
      );
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      console.error(error.message);
      return INTERRUPTED;
    }
  },
};

async function runOnTargets(options: RunOptions, command: string, signal: AbortSignal): Promise<number> {
  const targets = readTargets(options.targets, options.targetsFile, process.env);
  const chosen = await chosenOf(options, targets);
  const data = newDataName();
  const { allowFailover, failoverCommand } = options;
  if (
    allowFailover &&
    failoverCommand === undefined &&
    targets.every((each) => each.failoverCommand === undefined)
  )
    throw new UsageError(
      '--allow-failover needs a command that makes a target fail over; allowed: --failover-command, or failoverCommand in the file of --targets',
    );
  // A name of their own: a workload may be called 'failover', and what they remove must not be its data.
  const failovers = allowFailover ? ownFailovers(targets, options, newDataName(), signal) : undefined;
  const suite: Suite = {
    options,
    targets,
    chosen,
    data,
    redactor: new Redactor(targets),
    signal,
    command,
    ...(failovers && { failovers }),
  };
  if (options.dryRun) {
    console.log(plan(suite));
    return 0;
  }
  makeFolder(options.out);
  return finish(await runSuite(suite), options);
}

async function runOnLab(options: RunOptions, command: string, signal: AbortSignal): Promise<number> {
  if (options.dryRun) {
    console.log('Would start a lab on this machine, measure it, and end it. Nothing else is touched.');
    return 0;
  }
  makeFolder(options.out);
  const lab = await Lab.up({ onProgress: (line) => console.error(line) });
  try {
    signal.throwIfAborted();
    await lab.waitHealthy();
    const made = await labTargets(lab, options.quick);
    try {
      const chosen = await chosenOf(options, made.targets);
      const redactor = new Redactor(made.targets);
      const failovers = options.failover ? labFailovers(lab, options.out, signal) : undefined;
      const suite: Suite = {
        options,
        targets: made.targets,
        chosen,
        data: newDataName(),
        redactor,
        signal,
        command,
        ...(failovers && { failovers }),
      };
      return await finish(await runSuite(suite), options);
    } finally {
      await made.close();
    }
  } finally {
    await lab.down();
  }
}

/** Each workload that was named, for each library that has a target; without names all, or what a quick run has time for. */
async function chosenOf(options: RunOptions, targets: readonly Target[]): Promise<Chosen[]> {
  const libraries = [...new Set(targets.map(({ library }) => library))];
  const { readOnly, existingData } = options;
  const able = workloads.filter(({ connectEach }) => !readOnly || existingData !== undefined || connectEach);
  const names = [...new Set(able.map(({ name }) => name))].filter(
    (name) => !options.quick || QUICK_WORKLOADS.includes(name),
  );
  const given = options.workloads.length > 0 ? options.workloads : names;
  const found: Chosen[] = [];
  for (const each of new Set(given)) {
    const tried = await Promise.allSettled(libraries.map((library) => findWorkload(each, library)));
    const fulfilled = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refused = tried.find((one) => one.status === 'rejected');
    if (fulfilled.length === 0 && options.workloads.length > 0)
      throw refused?.reason instanceof UnknownWorkload
        ? new UsageError(refused.reason.message)
        : refused?.reason;
    found.push(...fulfilled.map((workload) => ({ given: each, workload })));
  }
  const needsData = found.find(({ workload }) => !workload.connectEach);
  if (readOnly && existingData === undefined && needsData)
    throw new UsageError(
      `--read-only with workload '${needsData.workload.name}' needs data that are there; allowed: --data of a run with --keep-data, or --workload connect`,
    );
  refuseNamesakes(found);
  return found;
}

/** Two of one library whose data would lie in one place would be measured as one. */
function refuseNamesakes(chosen: readonly Chosen[]): void {
  for (const [at, { given, workload }] of chosen.entries()) {
    const place = dataOf('', workload);
    const namesake = chosen.slice(0, at).find((earlier) => dataOf('', earlier.workload) === place);
    if (namesake)
      throw new UsageError(
        `--workload '${namesake.given}' and '${given}' are both named '${workload.name}'; allowed: a name of its own for each of one library`,
      );
  }
}

/** What a dry run says. */
function plan(suite: Suite): string {
  const { options, targets, chosen } = suite;
  const cells = cellsOf(targets, chosen, options);
  const turns = cells.reduce((sum, { repetitions }) => sum + repetitions, 0);
  const touches = options.readOnly
    ? ['  nothing is written']
    : sandboxesOf(suite).map(
        (sandbox) =>
          `  on ${sandbox.target.name}: ${options.existingData ? `uses ${options.existingData}` : `makes ${options.keepData ? '' : 'and removes '}${sandbox.describe()}`}`,
      );
  return [
    `Would measure ${targets.length} target(s) with ${chosen.map(({ workload }) => workload.name).join(', ')}:`,
    ...targets.map(
      (target) =>
        `  ${target.name}: ${target.library}, strategy ${target.strategy}, ${redactUrl(urlOf(target)) || 'as the environment says'}`,
    ),
    'and would touch:',
    ...touches,
    ...(suite.failovers?.touches ?? []).map((line) => `  ${line}`),
    `${turns} stretches of ${options.warmupMs + options.measureMs} ms: ${cells.map(({ key, repetitions }) => `${key} × ${repetitions}`).join('; ')}`,
    'Nothing was done.',
  ].join('\n');
}

async function finish(result: BenchResult, { out }: RunOptions): Promise<number> {
  console.log(summaryOf(result));
  const file = join(out, 'result.json');
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
  const written = [file, ...(await writeReport(result, out))];
  console.log(`\nThe whole result: ${written.join(', ')}`);
  return result.measurements.some(({ operations }) => operations > 0) ? 0 : 1;
}
