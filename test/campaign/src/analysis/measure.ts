import { toMs, type Stall } from '@steadfast/check';
import type { ObserverEvent } from '@steadfast/lab';
import { callOfElement } from '../clients/plans.ts';
import type { CampaignFault } from '../faults/campaign-fault.ts';
import { endsOf, errorsOf, firstAck, highestOf, longestMs, type ClientRun } from './client-run.ts';
import { judge, type Judged } from './judge.ts';
import { reachableAt, routeWindow, type Window } from './window.ts';

/** So much may a client be ahead of the observers. */
const AHEAD_MS = 500;

/** The way has been open for so long when a fault is healed: that was put off for clients which had not found it, ms. */
const WAITED_MS = 5_000;

/** Everything that is known of one client in one fault. Instants in ms, but `endedAt` in ns as histories are. */
export interface Measured extends Judged {
  /** the file of the history */
  readonly history: string;
  readonly events: readonly ObserverEvent[];
  readonly window: Window | undefined;
  readonly instants: { readonly faultAt: number; readonly healedAt: number; readonly wholeAt: number };
  readonly until: number;
  readonly fault: CampaignFault;
}

export function measure(given: Measured): ClientRun {
  const { spec, calls, samples, stalls, history } = given;
  return {
    client: spec.name,
    history,
    ends: endsOf(calls),
    errors: errorsOf(calls),
    ...recovery(given),
    ...judge(given),
    longestMs: longestMs(calls),
    stalledMs: Math.max(0, ...stalls.map(({ from, to }) => toMs(to - from))),
    highest: highestOf(samples),
  };
}

/** When the way was open for this client, and its first write after that. */
function recovery(given: Measured): Pick<ClientRun, 'lagMs' | 'outageMs' | 'never'> {
  const { calls, instants, fault } = given;
  // After several faults at once it counts that it writes again: which of them held it up, nobody can tell.
  if (fault.shape === 'whole')
    return firstAck(calls, { notBefore: instants.wholeAt }) === undefined ? { never: true } : {};
  const way = openingOf(given);
  if (!way) return {};
  const first = firstAck(calls, way.rule);
  if (first === undefined || helpedByHealing(way.openAt, first, given)) return { never: true };
  // Who was refused asks again after a pause, on purpose.
  if (fault.refuses && fault.shape === 'healed') return {};
  const openAt = fault.stopsClients ? runsAt(way.openAt, given.stalls) : way.openAt;
  return { lagMs: first - openAt, outageMs: first - instants.faultAt };
}

/** It found the way that had been open for long only when the fault was taken back: how late that is, the campaign has chosen. */
function helpedByHealing(openAt: number, first: number, { fault, instants }: Measured): boolean {
  const { healedAt } = instants;
  return !fault.opensOnHeal && fault.shape !== 'healed' && openAt + WAITED_MS < healedAt && first > healedAt;
}

/** When a process that may stand still at that moment runs again; one that stands still once more has run meanwhile. */
function runsAt(at: number, stalls: readonly Stall[]): number {
  return stalls.reduce(
    (latest, { from, to }) => (toMs(from) < latest && latest < toMs(to) ? toMs(to) : latest),
    at,
  );
}

function openingOf(given: Measured): { openAt: number; rule: Parameters<typeof firstAck>[1] } | undefined {
  const { spec, events, window, instants, until, fault } = given;
  const span = { from: fault.opensOnHeal ? instants.healedAt : instants.faultAt, to: until };
  if (fault.shape === 'healed') return { openAt: instants.healedAt, rule: { notBefore: instants.healedAt } };
  if (fault.shape === 'route') {
    const outage = spec.route === 'haproxy' ? routeWindow(events, span) : undefined;
    return outage && { openAt: outage.to, rule: { notBefore: afterOutage(outage.from, outage.to) } };
  }
  const openAt = window && reachableAt(events, window, spec.route, span);
  if (!window || openAt === undefined) return undefined;
  if (!window.moved) return { openAt, rule: { notBefore: afterOutage(window.closedAt, window.writableAt) } };
  if (spec.library === 'pg')
    return { openAt, rule: { notBefore: span.from, newEpochSince: instants.faultAt } };
  return { openAt, rule: { notBefore: window.writableAt, survived: survivors(given) } };
}

/** Clients may be faster than observers, and what was acknowledged while the server went down belongs to the time before. */
function afterOutage(closedAt: number, openedAt: number): number {
  return Math.max(closedAt, openedAt - AHEAD_MS);
}

/** Ids that are there in the end. A counter does not tell, so its increments are left out. */
function survivors({ calls, found }: Measured): Set<string> {
  const there = new Map(Object.entries(found.ids).map(([kind, ids]) => [kind, new Set(ids)]));
  there.set(
    'append',
    new Set(
      Object.values(found.lists ?? {})
        .flat()
        .map(callOfElement),
    ),
  );
  return new Set(
    calls.filter(({ id, kind, end }) => end.as === 'ok' && there.get(kind)?.has(id)).map(({ id }) => id),
  );
}
