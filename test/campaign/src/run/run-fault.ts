import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callsOf, parseHistory, samplesOf } from '@steadfast/check';
import { monotonicMs, type Lab, type LabObservers, type ObserverEvent } from '@steadfast/lab';
import { behindTheFirst, type ClientRun } from '../analysis/client-run.ts';
import { measure } from '../analysis/measure.ts';
import { routeWindow, windowOf, type Window } from '../analysis/window.ts';
import type { ClientSpec } from '../clients/client.ts';
import type { CampaignFault, Made } from '../faults/campaign-fault.ts';
import { ClientProcess } from '../process/client-process.ts';
import type { LoadResult } from '../process/messages.ts';
import { asOnItsOwnMachine } from '../process/own-machine.ts';
import type { Setting } from '../settings.ts';
import { accessOf, Ways } from './access.ts';
import { keepObserved } from './observed.ts';
import { serversOf } from './servers.ts';

export interface FaultRunOptions {
  readonly lab: Lab;
  readonly observers: LabObservers;
  readonly setting: Setting;
  readonly fault: CampaignFault;
  readonly clients: readonly ClientSpec[];
  /** as if each client had a machine of its own */
  readonly alone?: boolean;
  readonly repetition: number;
  readonly writers: number;
  readonly rate: number;
  /** 0 to 1: shifts the fault against the load's rhythm */
  readonly shift: number;
  /** where histories go */
  readonly folder: string;
  /** what takes a minute is to be made shorter */
  readonly brief?: boolean;
}

/** One fault made once, and what every client went through in it. */
export interface FaultRun {
  readonly setting: string;
  readonly fault: string;
  readonly repetition: number;
  /** the client that was by itself in this run */
  readonly alone?: string | undefined;
  /** from the fault to the first write that the new primary accepted, as the observers saw it, ms */
  readonly serverMs?: number;
  /** errors that say nothing was applied are as they should be */
  readonly refuses?: boolean;
  readonly clients: readonly ClientRun[];
  /** what went wrong that is no client's doing */
  readonly troubles: readonly string[];
}

const WARM_MS = 1_500;
const SHIFT_MS = 500;
const OPENS_MS = 60_000;
/** So long clients may take after the way is open; who needs more has `never` recovered. */
const RECOVER_MS = 10_000;
const AFTER_MS = 2_500;
/** Longer than every outage of the campaign. */
const DEADLINE_MS = 45_000;
/** Calls without a deadline that have not ended by then are stuck. */
const DRAIN_MS = 4_000;
const STEADY_MS = 10_000;
/** So many calls may be open in a client that is well. */
const MAX_OPEN = 10;
const LOOK_EVERY_MS = 20;

/** When what happened, ms on the monotonic clock. */
export interface Instants {
  readonly faultAt: number;
  healedAt: number;
  /** when, after that, the cluster was whole, where that is waited for */
  wholeAt: number;
}

export async function runFault(options: FaultRunOptions): Promise<FaultRun> {
  const { lab, setting, fault, repetition, folder } = options;
  const clients = options.clients.filter(({ linkable }) => !fault.linked || linkable === true);
  mkdirSync(folder, { recursive: true });
  const servers = serversOf(lab, setting.library);
  await lab.waitHealthy();
  const label = labels();
  await servers.prepare(clients.map(label));
  const ways = await Ways.open(lab, fault, folder);
  const processes: ClientProcess[] = [];
  try {
    await open(options, clients, label, ways, processes);
    for (const each of processes) each.load();
    await sleep(WARM_MS + options.shift * SHIFT_MS);
    await steady(processes);
    const troubles: string[] = [];
    const instants = await throughFault(options, processes, ways, troubles);
    const results = await Promise.all(
      processes.map((each, index) => each.halt(drainMs(fault, clients[index]))),
    );
    const until = monotonicMs();
    await lab.waitHealthy();
    const found = await servers.read(clients.map(label));
    const events = await options.observers.events();
    const window = windowIn(options, events, instants, until);
    const runs = clients.map((spec, index) => {
      const history = historyFile(folder, spec);
      const lines = parseHistory(readFileSync(history, 'utf8'));
      return measure({
        spec,
        history,
        calls: callsOf(lines),
        samples: samplesOf(lines),
        found: found.get(label(spec)) ?? { ids: {}, counters: {} },
        ...(results[index] as LoadResult),
        serversKeep: setting.serversKeep,
        events,
        window,
        instants,
        until,
        fault,
      });
    });
    keepObserved(options, events, instants, { from: instants.faultAt - WARM_MS, until });
    const serverMs = window && window.writableAt - originOf(fault, instants);
    return {
      setting: setting.name,
      fault: fault.name,
      repetition,
      ...(serverMs !== undefined && { serverMs }),
      ...(fault.refuses && { refuses: true }),
      clients: behindTheFirst(runs, clients),
      troubles,
    };
  } finally {
    for (const each of processes) each.kill();
    await ways.close();
  }
}

type Label = (spec: ClientSpec) => string;

/**
 * What marks the rows and keys of a run's clients, another for each run: what the kernel still held of a client that was killed
 * may come after the servers were emptied.
 */
function labels(): Label {
  const mark = randomUUID().slice(0, 8);
  return ({ name }) => `${name}#${mark}`;
}

export function historyFile(folder: string, { name }: ClientSpec): string {
  return join(folder, `${name.replaceAll('/', '-')}.jsonl`);
}

function deadlineOf({ deadlineMs = DEADLINE_MS }: CampaignFault): number {
  return deadlineMs;
}

/** A quick run has no minute for a fault. */
function holdMs({ fault: { holdMs: held = 0, briefHoldMs = held }, brief }: FaultRunOptions): number {
  return brief ? briefHoldMs : held;
}

/** Ours say by when their calls end, and are taken at their word. */
function drainMs(fault: CampaignFault, spec: ClientSpec | undefined): number {
  return spec?.ours ? deadlineOf(fault) + DRAIN_MS : DRAIN_MS;
}

/** A machine that cannot carry the load before the fault would have its slowness taken for the fault's. */
async function steady(processes: readonly ClientProcess[]): Promise<void> {
  const limit = monotonicMs() + STEADY_MS;
  for (;;) {
    const behind = processes.filter(({ status }) => status.newestWriteBegan === 0 || status.open > MAX_OPEN);
    if (behind.length === 0) return;
    if (monotonicMs() > limit)
      throw new Error(`too slow for the load before the fault: ${behind.map(({ name }) => name).join(', ')}`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** From when the outage is counted. */
export function originOf(fault: CampaignFault, { faultAt, healedAt }: Instants): number {
  return fault.opensOnHeal ? healedAt : faultAt;
}

async function open(
  { lab, fault, writers, rate, folder, alone }: FaultRunOptions,
  clients: readonly ClientSpec[],
  label: Label,
  ways: Ways,
  processes: ClientProcess[],
): Promise<void> {
  const opened = await Promise.allSettled(
    clients.map((spec) =>
      ClientProcess.open({
        client: spec.name,
        access: { ...accessOf(lab, spec, ways, deadlineOf(fault)), label: label(spec) },
        writers,
        rate,
        historyFile: historyFile(folder, spec),
      }),
    ),
  );
  processes.push(...opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
  const failed = opened.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
  if (failed.length > 0) throw new Error(failed.map(({ message }) => message).join('; '));
  if (alone) for (const { pid } of processes) asOnItsOwnMachine(pid, 'with its children');
}

/** Makes the fault, waits for the way to open and the clients to find it, and heals. The load goes on all the while. */
async function throughFault(
  options: FaultRunOptions,
  processes: readonly ClientProcess[],
  ways: Ways,
  troubles: string[],
): Promise<Instants> {
  const { lab, fault } = options;
  const never = Number.POSITIVE_INFINITY;
  const instants: Instants = { faultAt: monotonicMs(), healedAt: never, wholeAt: never };
  let lost: readonly ClientProcess[] = [];
  const made = await fault.make({
    lab,
    links: ways.proxies,
    rest: ways.rest,
    clients: processes,
    setPassword: (password) => ways.setPassword(password),
    say: (trouble) => void troubles.push(trouble),
    brief: options.brief === true,
  });
  try {
    if (!fault.opensOnHeal) await opened(options, instants, troubles);
    const { keepsOut, opensOnHeal, shape } = fault;
    const opens = keepsOut === true || opensOnHeal === true || shape === 'healed' || shape === 'whole';
    if (!opens) lost = await recovered(processes, monotonicMs());
    await sleep(holdMs(options));
  } finally {
    await made.heal();
    instants.healedAt = monotonicMs();
  }
  if (fault.opensOnHeal) await opened(options, instants, troubles);
  await mend(made, troubles);
  if (fault.shape === 'whole') await lab.waitHealthy();
  instants.wholeAt = monotonicMs();
  // Who has had its time is not waited for again.
  await recovered(
    processes.filter((each) => !lost.includes(each)),
    monotonicMs(),
  );
  await sleep(fault.afterMs ?? AFTER_MS);
  return instants;
}

async function mend(made: Made, troubles: string[]): Promise<void> {
  await made.mend?.().catch((error: unknown) => troubles.push(`mending failed: ${String(error)}`));
}

function windowIn(
  { setting, fault }: FaultRunOptions,
  events: readonly ObserverEvent[],
  instants: Instants,
  to: number,
): Window | undefined {
  return windowOf(events, setting.library, fault.shape, { from: originOf(fault, instants), to });
}

/** Waits until the observers have seen the way open again, where the fault closes it. */
async function opened(options: FaultRunOptions, instants: Instants, troubles: string[]): Promise<void> {
  const { fault, observers } = options;
  if (['healed', 'whole', 'none'].includes(fault.shape)) return;
  if (fault.shape === 'route' && fault.holdMs !== undefined) return;
  const limit = monotonicMs() + OPENS_MS;
  for (;;) {
    const events = await observers.events();
    const now = monotonicMs();
    const route = fault.shape === 'route' && routeWindow(events, { from: instants.faultAt, to: now });
    if (route || windowIn(options, events, instants, now)) return;
    if (now > limit) return void troubles.push(`no primary accepted writes within ${OPENS_MS} ms`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Waits until every client has a write acknowledged that began after `since`; resolves with those that had their time. */
async function recovered(
  processes: readonly ClientProcess[],
  since: number,
): Promise<readonly ClientProcess[]> {
  const limit = monotonicMs() + RECOVER_MS;
  for (;;) {
    const behind = processes.filter(({ status }) => status.newestWriteBegan < since * 1e6);
    if (behind.length === 0 || monotonicMs() > limit) return behind;
    await sleep(LOOK_EVERY_MS);
  }
}
