import { parseArgs } from 'node:util';
import { fleetTables } from './fleet/table.ts';
import { playAll } from './play-all.ts';
import { runSchedule } from './run-schedule.ts';
import { scheduleOf } from './schedule/schedule.ts';

const USAGE = `Usage: pnpm sim [--schedules N] [--first SEED]   plays N schedules (default 10000), drawn from SEED on (default 1)
       pnpm sim --seed SEED                       plays that one, and prints all that happens in it
       pnpm sim --fleet [--most N]                sends 10 to 10000 (or N) processes through one failover`;

/** @returns the exit status */
async function main(): Promise<number> {
  const options = {
    schedules: { type: 'string', default: '10000' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    fleet: { type: 'boolean', default: false },
    most: { type: 'string', default: '10000' },
  } as const;
  const { values } = parseArgs({ options });
  if (values.fleet) {
    await fleetTables(whole('--most', values.most));
    return 0;
  }
  if (values.seed !== undefined) return replay(whole('--seed', values.seed));
  return campaign(whole('--first', values.first), whole('--schedules', values.schedules));
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`${name} is '${text}'; allowed: a whole number above 0`);
}

async function replay(seed: number): Promise<number> {
  const schedule = scheduleOf(seed);
  const { calls, faults, settings, ...about } = schedule;
  const run = await runSchedule(schedule, undefined, true);
  console.log(`${JSON.stringify({ ...about, calls: calls.length })}\n${JSON.stringify(settings)}\n`);
  for (const { name, atMs, lastsMs } of faults)
    console.log(`${atMs.toFixed(0)} to ${(atMs + lastsMs).toFixed(0)} ms: ${name}`);
  console.log(`\n${run.trace.join('\n')}\n`);
  console.log(`${run.events} events, ${run.ok} calls ok, ${run.failed} failed, trace ${run.hash}`);
  if (!run.violation) return 0;
  console.log(
    `VIOLATION of '${run.violation.rule}' at ${run.violation.at.toFixed(3)} ms: ${run.violation.detail}`,
  );
  return 1;
}

async function campaign(first: number, schedules: number): Promise<number> {
  const since = performance.now();
  console.log(`${schedules} schedules, seeds ${first} to ${first + schedules - 1}`);
  const { failures, ok, failed, events, simulatedMs, followMs } = await playAll(first, schedules);
  const seconds = (performance.now() - since) / 1_000;
  const hours = simulatedMs / 3_600_000;
  console.log(
    `${hours.toFixed(1)} h simulated, ${events} events, ${ok} calls ok, ${failed} failed, in ${seconds.toFixed(1)} s`,
  );
  const part = (share: number): string =>
    (followMs[Math.floor(share * (followMs.length - 1))] ?? 0).toFixed(1);
  console.log(
    `${followMs.length} promotions awaited with nothing else wrong: followed after ${part(0.5)} ms (p50), ${part(0.95)} (p95), ${part(1)} (most)`,
  );
  for (const { seed, strategy, violation } of failures.slice(0, 20))
    console.log(`VIOLATION: seed ${seed} (${strategy}) of '${violation.rule}': ${violation.detail}`);
  if (failures.length === 0) console.log('every promise was kept');
  else console.log(`${failures.length} schedules failed; to see one: pnpm sim --seed ${failures[0]?.seed}`);
  return failures.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`);
  process.exitCode = 2;
}
