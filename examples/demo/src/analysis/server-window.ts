import type { ObserverEvent } from '@steadfast/lab';
import type { Phase } from './phase.ts';

export type Database = 'postgres' | 'redis';

/** What the observers, which never use our clients, saw of one change of primary. */
export interface ServerWindow {
  readonly database: Database;
  readonly oldPrimary: string;
  readonly newPrimary: string;
  /** the last write that the old primary took; undefined where it was never seen to stop */
  readonly lastWriteAt: number | undefined;
  /** the first write that the new primary took, or when HAProxy began to route to it */
  readonly writableAt: number;
  /** the first write that the new primary took; before `writableAt` where HAProxy began to route to it later */
  readonly promotedAt: number;
}

type Writable = Extract<ObserverEvent, { kind: 'pg-writable' | 'redis-writable' }>;
type NotWritable = Extract<ObserverEvent, { kind: 'pg-not-writable' | 'redis-not-writable' }>;

/** The change of primary within a phase, or undefined where there was none. */
export function serverWindow(
  events: readonly ObserverEvent[],
  database: Database,
  phase: Phase,
  strategy: string,
): ServerWindow | undefined {
  const window = memberWindow(events, database, phase);
  return database === 'postgres' && strategy === 'haproxy' ? throughHaproxy(events, phase, window) : window;
}

/** Through HAProxy a primary counts from when HAProxy routes to it, and HAProxy's own outages count as well. */
function throughHaproxy(
  events: readonly ObserverEvent[],
  phase: Phase,
  window: ServerWindow | undefined,
): ServerWindow | undefined {
  const seen = events.filter((event) => event.at >= phase.faultAt && event.at <= phase.until);
  const down = seen.find((event) => event.kind === 'haproxy-down');
  const opensAt = window?.writableAt ?? down?.at;
  if (opensAt === undefined) return undefined;
  const routes = seen
    .filter((event) => event.kind === 'haproxy-routes')
    .filter(({ at, member }) => (window === undefined ? at > opensAt : member === window.newPrimary));
  const [first] = routes;
  if (first === undefined) return window;
  if (window !== undefined) return { ...window, writableAt: Math.max(window.writableAt, first.at) };
  const { member, at } = first;
  return {
    database: 'postgres',
    oldPrimary: member,
    newPrimary: member,
    lastWriteAt: opensAt,
    writableAt: at,
    promotedAt: at,
  };
}

function memberWindow(
  events: readonly ObserverEvent[],
  database: Database,
  phase: Phase,
): ServerWindow | undefined {
  const oldPrimary = primaryAt(events, database, phase.faultAt);
  if (oldPrimary === undefined) return undefined;
  const seen = events.filter((event) => event.at >= phase.faultAt && event.at <= phase.until);
  const stopped = seen.filter(isNotWritable(database)).find((event) => event.member === oldPrimary);
  const risen = seen
    .filter(isWritable(database))
    .find((event) => event.member !== oldPrimary || (stopped !== undefined && event.at > stopped.at));
  if (risen === undefined) return undefined;
  return {
    database,
    oldPrimary,
    newPrimary: risen.member,
    lastWriteAt: stopped?.lastWriteAt,
    writableAt: risen.at,
    promotedAt: risen.at,
  };
}

/** Milliseconds in which nobody took writes; negative where the old primary still did after the new one had begun to. */
export function serverWindowMs(window: ServerWindow): number | undefined {
  return window.lastWriteAt === undefined ? undefined : window.writableAt - window.lastWriteAt;
}

/** Who took writes at a moment: the latest to begin, of those that had not stopped. */
export function primaryAt(
  events: readonly ObserverEvent[],
  database: Database,
  at: number,
): string | undefined {
  const writable: string[] = [];
  for (const event of events) {
    if (event.at > at) break;
    if (isWritable(database)(event)) writable.push(event.member);
    else if (isNotWritable(database)(event)) remove(writable, event.member);
  }
  return writable.at(-1);
}

function remove(members: string[], member: string): void {
  for (let i = members.indexOf(member); i !== -1; i = members.indexOf(member)) members.splice(i, 1);
}

function isWritable(database: Database): (event: ObserverEvent) => event is Writable {
  const kind = database === 'postgres' ? 'pg-writable' : 'redis-writable';
  return (event): event is Writable => event.kind === kind;
}

function isNotWritable(database: Database): (event: ObserverEvent) => event is NotWritable {
  const kind = database === 'postgres' ? 'pg-not-writable' : 'redis-not-writable';
  return (event): event is NotWritable => event.kind === kind;
}
