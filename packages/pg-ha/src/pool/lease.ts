import type { Pool, PoolClient } from 'pg';
import {
  asError,
  backoffMs,
  decideRetry,
  HaError,
  isHaError,
  primaryOf,
  sleep,
  withOutcome,
  type Deadline,
  type Timer,
} from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';
import { isByRole } from '../errors/work-error.ts';
import type { WalPosition } from '../reader/wal-position.ts';
import { isAlive } from './fitness.ts';
import type { PoolCore, Servers } from './pool-core.ts';
import { poolInternals, type PendingItem } from './pool-internals.ts';
import { mayBeRotating, REREAD_MS } from './rotating-password.ts';

type Core = Omit<PoolCore, 'servers'>;
export type Checkout = Parameters<Core['checkout']>[0];

/** A dial that has taken so long gets company, ms. */
const HEDGE_MS = 250;

/** A wish for a connection to the primary. Exactly one of `granted` and `failed` is called, unless `settled` was set before. */
export interface LeaseRequest {
  readonly deadline: Deadline;
  readonly signal: AbortSignal | undefined;
  /** the server must have got there, for reads */
  readonly after?: WalPosition | undefined;
  /** it is a statement that may be sent behind others, and others behind it */
  readonly shares?: boolean | undefined;
  /** members that have failed it, for reads: they are asked last */
  tried?: Set<string> | undefined;
  /** attempts made so far */
  attempts: number;
  /** the caller has gone: a connection that still comes joins the pool */
  settled: boolean;
  /** how to leave the queues that it waits in, for one that has an end of its own: whoever settles it calls them */
  readonly places?: Set<() => void> | undefined;
  granted(client: PoolClient): void;
  failed(error: Error): void;
}

/** All calls go to the primary. */
export function primaryServers(core: Core): Servers {
  return {
    readsOnly: false,
    lease: (request) => lease(core, request),
    ready: (deadline, signal) => core.monitor.whenConfirmed(deadline, signal),
    blames: isByRole,
    explain: (error) => error,
  };
}

/**
 * Gets a connection to the primary: waits where there is none, and dials again where a dial failed or led to another
 * server, until the deadline. All of this is before any work was sent, so all of it may be repeated.
 */
function lease(core: Core, request: LeaseRequest): void {
  if (request.settled) return;
  if (!primaryOf(core.monitor.topology)) {
    core.monitor.whenPrimary(request.deadline, request.signal).then(
      () => checkout(core, request),
      (error: unknown) => fail(request, asError(error)),
    );
    return;
  }
  checkout(core, request);
}

function checkout(core: Core, request: LeaseRequest): void {
  request.attempts += 1;
  if (core.pipeline) {
    const shared = request.shares ? core.pipeline.join() : core.pipeline.makeRoom();
    if (shared) return request.granted(shared);
  }
  if (core.mayDial()) return race(core, request);
  const before = core.isFull() ? core.waiting().length : undefined;
  let place: PendingItem | undefined;
  const done: Checkout = (error, client) => {
    if (place?.dialled) place.dialled(error, client);
    else if (!client) failed(core, request, error);
    else if (request.settled) client.release();
    else grantIfAlive(core, request, client);
  };
  const { places } = request;
  if (places) queue(core.waiting, places, (granted) => ask(core, request, granted), done);
  else ask(core, request, done);
  place = before === undefined ? undefined : placeSince(before, core.waiting());
  if (place) place.request = request;
}

/** Calls `checkout`, pg-pool's own connect. Where that queues, the place is given up with the request. */
export function queue(
  waiting: () => PendingItem[],
  held: Set<() => void>,
  checkout: Core['checkout'],
  callback: Checkout,
): void {
  let place: PendingItem | undefined;
  const leave = (): void => {
    if (place) giveUpPlace(waiting(), place);
  };
  const before = waiting().length;
  held.add(leave);
  checkout((error, client) => {
    held.delete(leave);
    callback(error, client);
  });
  place = placeSince(before, waiting());
}

/** The place in pg-pool's queue that a checkout has got, if any: one that is over already has none. */
function placeSince(before: number, places: PendingItem[]): PendingItem | undefined {
  return places.length > before ? places.at(-1) : undefined;
}

/**
 * Nobody waits there any more. pg-pool hands a connection from one place to the next in one go: thousands that are given up and
 * still there would overflow the stack, and the connection would be lost.
 */
function giveUpPlace(places: PendingItem[], place: PendingItem): void {
  const at = places.indexOf(place);
  if (at >= 0) places.splice(at, 1);
}

/** The request has ended: nothing is kept for it. */
export function settle(request: LeaseRequest): void {
  request.settled = true;
  for (const leave of request.places ?? []) leave();
  request.places?.clear();
}

/** pg-pool's own connect. */
function ask(core: Core, request: LeaseRequest, callback: Checkout): void {
  if (request.shares && core.pipeline) core.pipeline.checkout(() => core.checkout(callback));
  else core.checkout(callback);
}

function grant(core: Core, request: LeaseRequest, client: PoolClient): void {
  if (request.shares && core.pipeline) core.pipeline.share(client, () => request.granted(client));
  else request.granted(client);
}

function grantIfAlive(core: Core, request: LeaseRequest, client: PoolClient): void {
  if ((client as unknown as HaClient).stale) void proveAlive(core, request, client);
  else grant(core, request, client);
}

/** Where one idle connection has died unnoticed, those that have been idle as long have as a rule died with it. */
async function proveAlive(core: Core, request: LeaseRequest, client: PoolClient): Promise<void> {
  const alive = await isAlive(client as unknown as HaClient, core.clock);
  if (!alive) core.dropStale();
  if (!alive || request.settled) client.release(!alive);
  if (request.settled) return;
  if (alive) grant(core, request, client);
  else lease(core, request);
}

/** As `checkout` where a connection has to be dialled. */
function race(core: Core, request: LeaseRequest): void {
  ask(core, request, company(core, request));
}

/** From now on those who wait in the pool's queue get company too, where pg-pool dials for them when a place is free again. */
export function joinQueued(core: Core, pool: Pool): void {
  const inner = poolInternals(pool);
  const dial = inner.newClient.bind(pool);
  inner.newClient = (place) => {
    const { request } = place;
    if (request && !request.deadline.expired) place.dialled = company(core, request);
    dial(place);
  };
}

/**
 * A dial for this request begins, and is to end by the callback. One that hangs (a load balancer may lead it to a dead server)
 * gets company, a connection that stands by then or another dial; the first serves the request, one that comes later joins the
 * pool.
 */
function company(core: Core, request: LeaseRequest): Checkout {
  let underWay = 0;
  let over = false;
  let hedge: Timer;
  const ended: Checkout = (error, client) => {
    underWay -= 1;
    if (over || request.settled) return client?.release();
    if (!client && underWay > 0) return;
    over = true;
    hedge.cancel();
    if (client) grantIfAlive(core, request, client);
    else failed(core, request, error);
  };
  const begin = (): Checkout => {
    underWay += 1;
    watch();
    return ended;
  };
  const watch = (): void => {
    hedge = core.clock.timer(Math.min(HEDGE_MS, request.deadline.remainingMs), () => {
      if (over || request.settled) return;
      if (!request.deadline.expired) return core.isFull() ? watch() : ask(core, request, begin());
      over = true; // the dials go on, and what comes of them joins the pool
      fail(request, tooLate(request, new Error('dials are still under way')));
    });
  };
  return begin();
}

/**
 * Ends the requests in pg-pool's queue whose time is up while there is no primary: what they wait for may hang as long as the
 * outage does. While all is well, a full pool is pg-pool's own affair (`connectionTimeoutMillis`).
 */
export function giveUpExpired(core: Core): void {
  if (core.monitor.state !== 'searching') return;
  for (const place of [...core.waiting()]) {
    const { request } = place;
    if (!request?.deadline.expired) continue;
    fail(request, tooLate(request, new Error('every connection is busy, and there is no primary')));
    settle(request);
    giveUpPlace(core.waiting(), place);
  }
}

function failed(core: Core, request: LeaseRequest, error: Error | undefined): void {
  if (request.settled) return;
  if (core.verification.mayReplace(error, request.attempts)) return lease(core, request);
  again(core, request, error ?? new Error('pg-pool gave neither a connection nor an error'));
}

function again(core: Core, request: LeaseRequest, error: Error): void {
  const rotating = mayBeRotating(error, core);
  const decision =
    isRepeatable(error) || rotating
      ? decideRetry({
          outcome: 'notSent',
          byRole: true,
          idempotent: true,
          attempts: request.attempts,
          expired: request.deadline.expired,
        })
      : ({ retry: false, why: 'final' } as const);
  if (!decision.retry) {
    const late = decision.why === 'deadline' && !rotating;
    fail(request, late ? tooLate(request, error) : withOutcome(error, 'notSent'));
    return;
  }
  const backoff = backoffMs({ minMs: 2, maxMs: 250 }, request.attempts - 1, core.random);
  const pause = request.deadline.stepMs(rotating ? REREAD_MS : backoff);
  sleep(core.clock, pause, { signal: request.signal })
    .then(() => core.monitor.whenConfirmed(request.deadline, request.signal))
    .then(
      () => lease(core, request),
      (thrown: unknown) => fail(request, asError(thrown)),
    );
}

/** Our own dial errors say that another try may do; credentials, settings and pg-pool's own limits do not. */
function isRepeatable(error: Error): error is HaError {
  return (
    isHaError(error) && error.code !== 'HA_AUTH' && error.code !== 'HA_CONFIG' && error.code !== 'HA_CLOSED'
  );
}

function tooLate(request: LeaseRequest, cause: Error): HaError {
  const message = `no connection to the primary within ${Math.round(request.deadline.totalMs)} ms: ${cause.message}`;
  return new HaError('HA_NO_PRIMARY', message, { outcome: 'notSent', cause });
}

function fail(request: LeaseRequest, error: Error): void {
  if (!request.settled) request.failed(error);
}
