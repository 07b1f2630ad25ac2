import type { FaultRun, Observed } from '@steadfast/campaign';
import type { ObserverEvent } from '@steadfast/lab';
import type { FailoverResult } from '../result.ts';

type Lane = FailoverResult['timeline'][number];
type ClientRun = FaultRun['clients'][number];

/** Targets of the lab by the client that is led there. */
const TARGETS: Readonly<Record<string, string>> = {
  'pg-ha/haproxy': 'haproxy',
  'pg/haproxy': 'haproxy',
  'pg-ha/patroni': 'patroni',
  'pg-ha/managed': 'managed',
  'redis-ha/sentinel': 'sentinel',
  'ioredis/defaults': 'sentinel',
  'redis-ha/managed': 'redis-managed',
};
const SHOWN_BEFORE_MS = 1_000;
const SHOWN_AFTER_MS = 2_000;

/** What one fault cost each client. */
export function resultsOf(run: FaultRun, observed: Observed): FailoverResult[] {
  return run.clients.map((client) => {
    const ends = Object.values(client.ends);
    const total = (of: 'fail' | 'unknown' | 'open'): number => ends.reduce((sum, end) => sum + end[of], 0);
    return {
      target: TARGETS[client.client] ?? client.client,
      client: client.client.split('/')[0] ?? client.client,
      fault: run.fault,
      setting: run.setting,
      repetitions: 1,
      serverWindowMs: run.serverMs,
      clientWindowMs: client.outageMs,
      ...(client.never && { never: true }),
      ...(run.serverMs !== undefined &&
        client.outageMs !== undefined && {
          each: [{ serverWindowMs: run.serverMs, clientWindowMs: client.outageMs }],
        }),
      failed: total('fail'),
      unknown: total('unknown'),
      lost: client.lost,
      doubled: client.doubled,
      stuck: total('open'),
      timeline: timelineOf(client, run, observed),
    };
  });
}

/** Who was primary, what led there, and when the client wrote again, ms since the fault. */
export function timelineOf(client: ClientRun, run: FaultRun, { instants, until, seen }: Observed): Lane[] {
  const { faultAt } = instants;
  const wrote = client.never ? Infinity : client.outageMs;
  const outage = Math.max(run.serverMs ?? 0, wrote ?? 0);
  const [from, to] = [-SHOWN_BEFORE_MS, Math.min(until - faultAt, outage + SHOWN_AFTER_MS)];
  const shown = (lane: string, what: string, since: number, end: number): Lane[] =>
    since >= to || end <= from ? [] : [{ lane, what, from: Math.max(since, from), to: Math.min(end, to) }];
  const spans = (lane: string, starts: readonly Start[]): Lane[] =>
    starts.flatMap(({ at, what }, n) =>
      what === undefined ? [] : shown(lane, what, at - faultAt, (starts[n + 1]?.at ?? Infinity) - faultAt),
    );
  const library = client.client.startsWith('pg') || client.client.startsWith('postgres') ? 'pg' : 'redis';
  const way = ROUTES[client.client.split('/')[1] ?? ''];
  return [
    ...spans('primary', primaryStarts(seen, library)),
    ...(way ? spans(way, routeStarts(seen, way, library)) : []),
    ...shown('client', 'writes', from, 0),
    ...(wrote === undefined
      ? []
      : [...shown('client', 'waits', 0, wrote), ...shown('client', 'writes', wrote, to)]),
  ];
}

interface Start {
  readonly at: number;
  /** undefined: nothing from then on */
  readonly what: string | undefined;
}

const ROUTES: Readonly<Record<string, 'haproxy' | 'dns' | 'sentinels'>> = {
  haproxy: 'haproxy',
  managed: 'dns',
  sentinel: 'sentinels',
  defaults: 'sentinels',
};

/** Who accepts writes, one after the other: an old primary that lives on beside a new one is the older. */
function primaryStarts(seen: readonly ObserverEvent[], library: 'pg' | 'redis'): Start[] {
  const starts: Start[] = [];
  let member: string | undefined;
  for (const event of seen) {
    if (event.kind === `${library}-writable`) {
      member = (event as { member: string }).member;
      starts.push({ at: event.at, what: member });
    } else if (event.kind === `${library}-not-writable` && (event as { member: string }).member === member) {
      starts.push({ at: event.at, what: undefined });
    }
  }
  return starts;
}

function routeStarts(
  seen: readonly ObserverEvent[],
  way: 'haproxy' | 'dns' | 'sentinels',
  library: 'pg' | 'redis',
): Start[] {
  const which = library === 'pg' ? 'postgres' : 'redis';
  return seen.flatMap((event): Start[] => {
    if (way === 'haproxy' && event.kind === 'haproxy-routes') return [{ at: event.at, what: event.member }];
    if (way === 'haproxy' && event.kind === 'haproxy-down') return [{ at: event.at, what: undefined }];
    if (way === 'dns' && event.kind === 'dns-says' && event.which === which)
      return [{ at: event.at, what: event.member }];
    if (way === 'sentinels' && event.kind === 'sentinel-names') return [{ at: event.at, what: event.member }];
    return [];
  });
}
