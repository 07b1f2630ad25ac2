import { paths, type Blueprint } from '../blueprint.ts';
import { FaultUnavailable, LabError } from '../errors.ts';
import { monotonicMs } from '../monotonic.ts';
import { Servers } from '../process/server.ts';
import type { Fault, FaultArgs, FaultEvent, FaultName } from '../types.ts';
import type { FaultContext, FaultKind, FaultPlan } from './fault-kind.ts';
import { FaultRecords, type FaultRecord } from './record.ts';
import { FAULTS } from './table.ts';

/** Makes a fault. It is written down before anything is done, so that another process can heal it. */
export async function makeFault(blueprint: Blueprint, name: FaultName, args: FaultArgs): Promise<Fault> {
  const kind: FaultKind | undefined = FAULTS[name];
  if (!kind) throw new LabError(`fault '${name}': allowed are ${Object.keys(FAULTS).join(', ')}`);
  refuseUnknownArgs(name, kind, args);
  refuseUnavailable(name, kind, blueprint);
  const records = new FaultRecords(blueprint.dir);
  const events: FaultEvent[] = [];
  const context = contextOf(blueprint, events);
  const plan = await kind.plan(context, args);
  const record = records.open(name, plan);
  record.events = events;
  try {
    await kind.make(context, plan);
    records.save(record);
  } catch (error) {
    // What was half made is undone; why it failed matters more than whether that worked.
    await kind.heal(context, plan).catch(() => undefined);
    records.close(record);
    throw error;
  }
  return asFault(blueprint, record);
}

/** Open faults of a lab, oldest first. */
export function openFaults(blueprint: Blueprint): Fault[] {
  return new FaultRecords(blueprint.dir).all().map((record) => asFault(blueprint, record));
}

function asFault(blueprint: Blueprint, record: FaultRecord): Fault {
  const { endpoint } = record.plan as FaultPlan & Pick<Fault, 'endpoint'>;
  return {
    name: record.name,
    target: record.plan.target,
    events: record.events,
    ...(endpoint && { endpoint }),
    heal: () => heal(blueprint, record),
  };
}

async function heal(blueprint: Blueprint, record: FaultRecord): Promise<FaultEvent[]> {
  const records = new FaultRecords(blueprint.dir);
  if (!records.isOpen(record)) return [];
  const events: FaultEvent[] = [];
  await FAULTS[record.name].heal(contextOf(blueprint, events), record.plan);
  records.close(record);
  return events;
}

function contextOf(blueprint: Blueprint, events: FaultEvent[]): FaultContext {
  const note = (what: string): void => void events.push({ at: monotonicMs(), what });
  return { blueprint, servers: new Servers(paths.servers(blueprint.dir)), note };
}

function refuseUnknownArgs(name: string, kind: FaultKind, args: FaultArgs): void {
  const allowed = ['target', ...Object.keys(kind.args ?? {})];
  const wrong = Object.keys(args).find((key) => !allowed.includes(key));
  if (wrong) throw new LabError(`fault '${name}', argument '${wrong}': allowed are ${allowed.join(', ')}`);
}

function refuseUnavailable(name: string, kind: FaultKind, { names, settings }: Blueprint): void {
  if (kind.needsNamespaces && !names) {
    throw new FaultUnavailable(name, 'it needs network namespaces and this lab runs on loopback');
  }
  for (const need of kind.needs ?? []) {
    if (!settings[need])
      throw new FaultUnavailable(name, `it needs ${need}, which this lab was started without`);
  }
}
