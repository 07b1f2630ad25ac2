import { parentPort, workerData } from 'node:worker_threads';
import type { Share, Sum } from './play-all.ts';
import { runSchedule } from './run-schedule.ts';
import { scheduleOf } from './schedule/schedule.ts';

/** A thread of its own: the simulated timers are put in the place of the global ones. */
const { first, end, step } = workerData as Share;
const sum: Sum = { ok: 0, failed: 0, events: 0, simulatedMs: 0, followMs: [], failures: [] };
for (let seed = first; seed < end; seed += step) {
  const schedule = scheduleOf(seed);
  const run = await runSchedule(schedule);
  for (const key of ['ok', 'failed', 'events', 'simulatedMs'] as const) sum[key] += run[key];
  sum.followMs.push(...run.followMs);
  if (run.violation) sum.failures.push({ seed, strategy: schedule.strategy, violation: run.violation });
}
parentPort?.postMessage(sum);
