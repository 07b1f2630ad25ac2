import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap } from './bootstrap.mjs';
import { run, runAlive } from './child.mjs';
import { alive, duration, say } from './progress.mjs';
import { interrupted } from './signals.mjs';
import { steps } from './steps.mjs';
import { Stop } from './stop.mjs';
import { sweepLabs } from './sweep.mjs';
import { closingLine, ofCheck, ofSuite, sum } from './tally.mjs';

/** `--only unit,lint` picks steps; without it all run. */
function pick(args) {
  const names = steps.map(({ name }) => name).join(', ');
  let only;
  try {
    ({ only } = parseArgs({ args, options: { only: { type: 'string', multiple: true } } }).values);
  } catch (error) {
    throw new Stop(`${error.message}\nUsage: npm test -- [--only <step>[,<step>…]] with the steps ${names}`);
  }
  if (!only) return steps;
  const wanted = only.flatMap((one) => one.split(','));
  const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0)
    throw new Stop(`--only: there is no step '${unknown.join("', '")}'; there are ${names}`);
  return steps.filter(({ name }) => wanted.includes(name));
}

/** A suite shows its own progress on a terminal; elsewhere a lab file can be silent for minutes. */
const SUITE_EVERY_MS = 15_000;

async function runStep(step, folder) {
  if (!step.suite) {
    const { status, output } = await runAlive(step.title, step.command, step.args);
    if (status !== 0) say(output.trimEnd());
    return ofCheck(status);
  }
  say(`\n── ${step.title}`);
  const since = performance.now();
  const line = process.stderr.isTTY ? undefined : alive(step.title, SUITE_EVERY_MS);
  const report = path.join(folder, `${step.name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status } = await run(step.command, [...step.args, ...reporters], { reap: step.lab });
  line?.end();
  if (step.lab && status !== 0) await sweepLabs();
  const result = ofSuite(status, report);
  const verdict = interrupted ? 'ended ' : result.failed === 0 ? 'ok    ' : 'FAILED';
  say(`${verdict} ${step.title}: ${closingLine(result)} (${duration(performance.now() - since)})`);
  return result;
}

/** Returns the exit status. */
export async function test(args) {
  const chosen = pick(args);
  await bootstrap({ lab: chosen.some(({ lab }) => lab), browser: chosen.some(({ browser }) => browser) });
  // The build that just succeeded is the type check: one check that passed.
  const results = [ofCheck(0)];
  const failed = [];
  const folder = mkdtempSync(path.join(tmpdir(), 'steadfast-test-'));
  try {
    for (const step of chosen) {
      if (interrupted) break;
      const result = await runStep(step, folder);
      results.push(result);
      if (result.failed > 0) failed.push(step.name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (interrupted) return 1;
  if (failed.length > 0)
    say(`\nFailed: ${failed.join(', ')}. One step alone: npm test -- --only ${failed[0]}`);
  const total = sum(results);
  process.stdout.write(`\n${closingLine(total)}\n`);
  return total.failed === 0 ? 0 : 1;
}
