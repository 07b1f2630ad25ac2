import type { ObserverEvent } from '@steadfast/lab';
import type { Library, Route } from '../clients/client.ts';
import type { Shape } from '../faults/campaign-fault.ts';

/** What the observers, which never use our clients, saw of an outage. Instants are ms on the monotonic clock. */
export interface Window {
  /** whether another member became the primary */
  readonly moved: boolean;
  /** the member that accepts writes after it */
  readonly member: string;
  /** when the outage was first seen: the old primary's end or, where that lives on beside the new one, the fault */
  readonly closedAt: number;
  /** when that member accepted its first write */
  readonly writableAt: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

type Writable = Extract<ObserverEvent, { kind: 'pg-writable' | 'redis-writable' }>;
type NotWritable = Extract<ObserverEvent, { kind: 'pg-not-writable' | 'redis-not-writable' }>;

const WRITABLE = { pg: 'pg-writable', redis: 'redis-writable' } as const;
const NOT_WRITABLE = { pg: 'pg-not-writable', redis: 'redis-not-writable' } as const;

/** The outage within a span; undefined where there is none of the expected shape (yet). */
export function windowOf(
  events: readonly ObserverEvent[],
  library: Library,
  shape: Shape,
  span: Span,
): Window | undefined {
  if (['route', 'healed', 'whole', 'none'].includes(shape)) return undefined;
  const last = writableAt(events, library, span.from);
  const stopped = events
    .filter((event): event is NotWritable => event.kind === NOT_WRITABLE[library])
    .find(({ member, at }) => member === last?.member && at >= last.at && at <= span.to);
  const opened = events
    .filter((event): event is Writable => event.kind === WRITABLE[library])
    .filter(({ at }) => at > span.from && at <= span.to)
    .find(({ member, at }) => {
      if (member !== last?.member) return shape !== 'stays';
      return shape !== 'moves' && stopped !== undefined && at > stopped.at;
    });
  if (!opened) return undefined;
  return {
    moved: opened.member !== last?.member,
    member: opened.member,
    closedAt: Math.min(Math.max(stopped?.at ?? span.from, span.from), opened.at),
    writableAt: opened.at,
  };
}

/**
 * Who accepted writes at an instant; where two did, who began last, and where nobody did, who was the last to stop. An old
 * Redis master that has come back accepts them, too, for a while, and then no more.
 */
function writableAt(events: readonly ObserverEvent[], library: Library, at: number): Writable | undefined {
  const past = events.filter((event) => event.at <= at);
  const endOf = ({ member, at: since }: Writable): number =>
    past.find((event) => event.kind === NOT_WRITABLE[library] && event.member === member && event.at > since)
      ?.at ?? Infinity;
  return past
    .filter((event): event is Writable => event.kind === WRITABLE[library])
    .reduce<Writable | undefined>(
      (last, next) => (last && endOf(last) > endOf(next) ? last : next),
      undefined,
    );
}

/**
 * When a client could have reached the new primary by its route: HAProxy must lead to it, the provider's name must say it,
 * a majority of the sentinels must name it. Undefined where that was not seen.
 */
export function reachableAt(
  events: readonly ObserverEvent[],
  window: Window,
  route: Route,
  span: Span,
): number | undefined {
  const { writableAt, member, moved } = window;
  const told = events.filter(
    (event) => event.at >= span.from && event.at <= span.to && 'member' in event && event.member === member,
  );
  const kind = {
    haproxy: 'haproxy-routes',
    name: 'dns-says',
    sentinels: 'sentinel-names',
    members: undefined,
  }[route];
  if (kind === undefined) return writableAt;
  const first = told.find((event) => event.kind === kind);
  if (first) return Math.max(writableAt, first.at);
  // A route that never changed leads there still.
  return moved ? undefined : writableAt;
}

/** HAProxy's own outage: from the first fresh connection that failed to the first that was led to a member again. */
export function routeWindow(events: readonly ObserverEvent[], span: Span): Span | undefined {
  const seen = events.filter(({ at }) => at >= span.from && at <= span.to);
  const down = seen.find(({ kind }) => kind === 'haproxy-down');
  const up = down && seen.find(({ kind, at }) => kind === 'haproxy-routes' && at > down.at);
  return up && { from: down.at, to: up.at };
}
