import { parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import { TARGETS } from '../targets/all.ts';
import type { Order, Verdict } from './messages.ts';

/** Counts inputs as they are begun, so that whoever waits can tell which one never ends. */
const begun = new Int32Array(workerData as SharedArrayBuffer);

async function attempt({ name, seed, runs }: Order): Promise<Verdict> {
  const target = TARGETS.find((known) => known.name === name);
  if (!target) throw new Error(`there is no target '${name}'`);
  Atomics.store(begun, 0, 0);
  const property = fc.asyncProperty(target.input, async (input) => {
    Atomics.add(begun, 0, 1);
    await target.check(input);
  });
  const details = await fc.check(property, { seed, numRuns: runs });
  return {
    tried: details.numRuns,
    broken: details.failed ? (fc.defaultReportMessage(details) ?? 'broken') : undefined,
  };
}

parentPort?.on('message', (order: Order) => {
  void attempt(order).then((verdict) => parentPort?.postMessage(verdict));
});
