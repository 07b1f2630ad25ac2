import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ObserverEvent } from '@steadfast/lab';
import type { FaultRunOptions, Instants } from './run-fault.ts';

/** What the observers saw of a fault, beside the histories. Instants are ms on the monotonic clock. */
export interface Observed {
  readonly fault: { readonly name: string; readonly meaning: string };
  readonly instants: Instants;
  /** when the load had ended */
  readonly until: number;
  /** from shortly before the fault, led by what held until then: the last of each kind before that */
  readonly seen: readonly ObserverEvent[];
}

const FILE = 'observed.json';

export function keepObserved(
  { folder, fault: { name, meaning } }: FaultRunOptions,
  events: readonly ObserverEvent[],
  instants: Instants,
  { from, until }: { readonly from: number; readonly until: number },
): void {
  const before = new Map(events.filter(({ at }) => at < from).map((event) => [keyOf(event), event]));
  const since = events.filter(({ at }) => at >= from && at <= until);
  const seen = [...[...before.values()].toSorted((a, b) => a.at - b.at), ...since];
  writeFileSync(
    join(folder, FILE),
    `${JSON.stringify({ fault: { name, meaning }, instants, until, seen }, undefined, 2)}\n`,
  );
}

export function readObserved(folder: string): Observed {
  return JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Observed;
}

function keyOf(event: ObserverEvent): string {
  return event.kind === 'dns-says' ? `${event.kind} ${event.which}` : event.kind;
}
