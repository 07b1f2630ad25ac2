/** The thread behind an Alarm: sleeps to the microsecond until the instant that is set, and says so. */
import { parentPort, workerData } from 'node:worker_threads';
import { NEVER, type AlarmCells } from './alarm.ts';

const { due, changes } = workerData as AlarmCells;

for (;;) {
  const seen = Atomics.load(changes, 0);
  const at = Atomics.load(due, 0);
  const waitNs = at - process.hrtime.bigint();
  if (at === NEVER || waitNs > 0n)
    Atomics.wait(changes, 0, seen, at === NEVER ? Infinity : Number(waitNs) / 1e6);
  // Whoever has set another instant meanwhile wants that one.
  else if (Atomics.compareExchange(due, 0, at, NEVER) === at) parentPort?.postMessage(undefined);
}
