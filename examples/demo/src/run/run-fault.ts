import { monotonicMs, type FaultEvent, type Lab, type ObserverEvent, type Observers } from '@steadfast/lab';
import { describeError } from '@steadfast/shared';
import { clientWindow, writesOf } from '../analysis/client-window.ts';
import type { Phase } from '../analysis/phase.ts';
import { primaryAt, serverWindow, type Database } from '../analysis/server-window.ts';
import type { FaultRun } from '../analysis/report.ts';
import type { DemoFault } from '../faults.ts';
import type { OpenLoop } from '../load/open-loop.ts';
import { duration } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';
import { abortable, pause } from './abortable.ts';
import { Narrator } from './narrator.ts';

export interface Stage {
  readonly lab: Lab;
  readonly observers: Observers;
  readonly load: OpenLoop;
  readonly screen: Screen;
  readonly strategy: string;
  readonly signal: AbortSignal;
}

/** Longer than Patroni's slowest way to a new primary in the lab. */
const RECOVERY_MS = 90_000;
const HEALTHY_MS = 90_000;
/** What the load gets to work off its backlog, and to run quietly, before the next thing happens. */
const SETTLE_MS = 3_000;
const FIRST_ACK_MS = 3_000;
const SETTLE_LIMIT_MS = 20_000;
const POLL_MS = 50;

/** Makes one fault under load, waits until writes are possible again, heals, and waits until the cluster is whole. */
export async function runFault(stage: Stage, fault: DemoFault, from: number): Promise<FaultRun> {
  const { lab, observers, load, screen, strategy, signal } = stage;
  const faultAt = monotonicMs();
  const narrator = new Narrator(observers, screen, strategy);
  narrator.start(faultAt);
  const tell = (at: number, what: string): void => narrator.tell(at, what);
  const tellAll = (events: readonly FaultEvent[]): void => events.forEach(({ at, what }) => tell(at, what));
  try {
    const making = lab.fault(fault.name, fault.target ? { target: fault.target } : {});
    const made = await narrator.after(abortable(making, signal));
    tellAll(made.events);
    let recovered: boolean;
    if (fault.course.kind === 'recovers') {
      recovered = await primaryRises(stage, fault.database, faultAt);
      if (recovered) await tellFirstAck(stage, fault.database, { from, faultAt, until: Infinity }, tell);
      await settle(load, signal);
      tellAll(await abortable(made.heal(), signal));
    } else {
      await pause(fault.course.holdMs, signal);
      tellAll(await abortable(made.heal(), signal));
      recovered = await primaryStands(stage, fault.database);
      await settle(load, signal);
    }
    if (!recovered) tell(monotonicMs(), `nobody took over within ${RECOVERY_MS / 1000} s`);
    const unhealed = await whyNotWhole(lab, signal);
    tell(monotonicMs(), unhealed ?? 'every member is back and in step');
    await pause(SETTLE_MS, signal);
    const phase = { from, faultAt, until: monotonicMs() };
    return { fault, target: made.target, phase, recovered, ...(unhealed === undefined ? {} : { unhealed }) };
  } finally {
    await narrator.stop();
  }
}

/** Waits until every member is back, and returns why not where that takes too long: the run is judged all the same. */
async function whyNotWhole(lab: Lab, signal: AbortSignal): Promise<string | undefined> {
  const whole = lab.waitHealthy(HEALTHY_MS).then(
    () => undefined,
    (error: unknown) => describeError(error),
  );
  return abortable(whole, signal);
}

/** Waits for the observers to see writes succeed on a new primary, or again on the old one. */
async function primaryRises(stage: Stage, database: Database, faultAt: number): Promise<boolean> {
  const kind: ObserverEvent['kind'] = database === 'postgres' ? 'pg-writable' : 'redis-writable';
  const risen = stage.observers.waitFor({ kind, since: faultAt }, RECOVERY_MS).then(
    () => true,
    () => false,
  );
  return abortable(risen, stage.signal);
}

/** Says when the app's users could write again, as soon as that can be said. */
async function tellFirstAck(
  { observers, load, signal, strategy }: Stage,
  database: Database,
  phase: Phase,
  tell: (at: number, what: string) => void,
): Promise<void> {
  const giveUpAt = monotonicMs() + FIRST_ACK_MS;
  while (monotonicMs() < giveUpAt) {
    await pause(POLL_MS, signal);
    const server = serverWindow(await abortable(observers.events(), signal), database, phase, strategy);
    const ackAt = server && clientWindow(writesOf(database, load.records), phase, server)?.firstAckAt;
    if (server === undefined || ackAt === undefined) continue;
    const lag = duration(ackAt - server.promotedAt);
    return tell(ackAt, `first write acknowledged by the app, ${lag} after ${server.newPrimary} took writes`);
  }
}

/** Waits until somebody takes writes, which may have been so all along. */
async function primaryStands({ observers, signal }: Stage, database: Database): Promise<boolean> {
  const giveUpAt = monotonicMs() + RECOVERY_MS;
  while (monotonicMs() < giveUpAt) {
    const events = await abortable(observers.events(), signal);
    if (primaryAt(events, database, monotonicMs()) !== undefined) return true;
    await pause(POLL_MS, signal);
  }
  return false;
}

/** Waits until the backlog of the outage is worked off. */
async function settle(load: OpenLoop, signal: AbortSignal): Promise<void> {
  const giveUpAt = monotonicMs() + SETTLE_LIMIT_MS;
  await pause(SETTLE_MS, signal);
  while (load.outstanding > load.rate / 4 && monotonicMs() < giveUpAt) await pause(POLL_MS, signal);
}
