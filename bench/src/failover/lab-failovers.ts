import { join } from 'node:path';
import {
  CAMPAIGN_FAULTS,
  CLIENTS,
  readObserved,
  runFault,
  SETTINGS,
  type FaultRun,
  type Observed,
} from '@steadfast/campaign';
import type { Lab } from '@steadfast/lab';
import { resultsOf } from './failover-results.ts';
import type { Failovers } from './failovers.ts';

/** A planned failover and a crash for each library, and whom they are put to. */
const SCENES = [
  { setting: 'sync-on', fault: 'switchover' },
  { setting: 'sync-on', fault: 'crash' },
  { setting: 'down-after-1000', fault: 'sentinel-failover' },
  { setting: 'down-after-1000', fault: 'redis-crash' },
];
export const MEASURED: readonly string[] = [
  'pg-ha/haproxy',
  'pg-ha/patroni',
  'pg-ha/managed',
  'pg/haproxy',
  'redis-ha/sentinel',
  'redis-ha/managed',
  'ioredis/defaults',
];
const WRITERS = 4;
const CALLS_PER_SECOND = 5;
const HALF_A_BEAT = 0.5;

/** What failovers cost each client of the lab, by the observers and checkers of the campaign. Histories are kept in `out`. */
export function labFailovers(lab: Lab, out: string, signal: AbortSignal): Failovers {
  const scenes = SCENES.map(({ setting, fault }) => ({
    setting: named(SETTINGS, setting),
    fault: named(CAMPAIGN_FAULTS, fault),
  }));
  return {
    plannedMs: scenes.reduce((sum, { fault }) => sum + fault.aboutS * 1_000, 0),
    touches: [],
    run: async ({ say, failed }) => {
      const observers = await lab.observe();
      const runs: { run: FaultRun; observed: Observed }[] = [];
      try {
        for (const { setting, fault } of scenes) {
          signal.throwIfAborted();
          const folder = join(out, 'histories', fault.name);
          const clients = CLIENTS.filter(
            ({ name, library }) => library === setting.library && MEASURED.includes(name),
          );
          const load = { writers: WRITERS, rate: CALLS_PER_SECOND, shift: HALF_A_BEAT, repetition: 1 };
          try {
            const run = await runFault({ lab, observers, setting, fault, clients, folder, ...load });
            runs.push({ run, observed: readObserved(folder) });
            say(`failover by ${fault.name}: ${seen(run)}`);
            for (const trouble of run.troubles) say(`  ${trouble}`);
          } catch (error) {
            signal.throwIfAborted();
            failed(`failover by ${fault.name}, not measured`, error);
          }
        }
      } finally {
        await observers.stop();
      }
      return runs.flatMap(({ run, observed }) => resultsOf(run, observed));
    },
  };
}

function seen({ serverMs }: FaultRun): string {
  return serverMs === undefined ? 'not seen' : `primary back after ${Math.round(serverMs)} ms`;
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find((each) => each.name === name);
  if (!found) throw new Error(`the campaign has no '${name}'`);
  return found;
}
