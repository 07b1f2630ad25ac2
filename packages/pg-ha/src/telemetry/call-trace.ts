import type { PoolClient } from 'pg';
import {
  endpointKey,
  outcomeOf,
  type Clock,
  type Deadline,
  type Endpoint,
  type Outcome,
} from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';
import type { LeaseRequest } from '../pool/lease.ts';
import type { PoolCore } from '../pool/pool-core.ts';

/** One call as `steadfast:pg:query` and `steadfast:pg:transaction` tell it; complete when the call has ended. */
export class CallTrace {
  /** the statement; values are never told */
  readonly text: string | undefined;
  /** the database's name, for attributes */
  readonly database: string;
  /** how often a connection was given to it */
  attempts = 0;
  /** time spent waiting for connections, ms */
  waitedMs = 0;
  /** the server of the last attempt */
  endpoint: Endpoint | undefined;
  /** set by the channel when the call ends */
  result?: unknown;
  error?: unknown;

  constructor(text: string | undefined, database: string) {
    this.text = text;
    this.database = database;
  }

  /** What became of it; `none` for an error that says nothing of the work, such as one of the app's own. */
  get outcome(): 'ok' | Outcome | 'none' {
    return this.error === undefined ? 'ok' : (outcomeOf(this.error) ?? 'none');
  }

  /** host:port of the server of the last attempt */
  get member(): string | undefined {
    return this.endpoint && endpointKey(this.endpoint);
  }

  granted(client: PoolClient, waitedMs: number): void {
    this.attempts += 1;
    this.waitedMs += waitedMs;
    this.endpoint = (client as unknown as HaClient).endpoint;
  }
}

/** The same pool core, with every lease of a call watched: nothing of this exists while nobody listens. */
export function watchLeases(
  core: PoolCore,
  granted: (client: PoolClient, waitedMs: number) => void,
): PoolCore {
  const lease = (request: LeaseRequest): void =>
    core.servers.lease(new WatchedRequest(core.clock, request, granted));
  return { ...core, servers: { ...core.servers, lease } };
}

/** With what may be left out too: whatever stands for another must pass on all of it. */
type Every<T> = { [K in keyof Required<T>]: T[K] };

/** A request for a connection that tells when it was granted; all else is the request's own. */
class WatchedRequest implements Every<LeaseRequest> {
  readonly #clock: Clock;
  readonly #request: LeaseRequest;
  readonly #granted: (client: PoolClient, waitedMs: number) => void;
  readonly #since: number;

  constructor(clock: Clock, request: LeaseRequest, granted: (client: PoolClient, waitedMs: number) => void) {
    this.#clock = clock;
    this.#request = request;
    this.#granted = granted;
    this.#since = clock.now();
  }

  get deadline(): Deadline {
    return this.#request.deadline;
  }

  get signal(): AbortSignal | undefined {
    return this.#request.signal;
  }

  get after(): LeaseRequest['after'] {
    return this.#request.after;
  }

  get shares(): LeaseRequest['shares'] {
    return this.#request.shares;
  }

  get tried(): LeaseRequest['tried'] {
    return this.#request.tried;
  }

  set tried(tried: LeaseRequest['tried']) {
    this.#request.tried = tried;
  }

  get attempts(): number {
    return this.#request.attempts;
  }

  set attempts(attempts: number) {
    this.#request.attempts = attempts;
  }

  get settled(): boolean {
    return this.#request.settled;
  }

  set settled(settled: boolean) {
    this.#request.settled = settled;
  }

  get places(): LeaseRequest['places'] {
    return this.#request.places;
  }

  granted(client: PoolClient): void {
    this.#granted(client, this.#clock.now() - this.#since);
    this.#request.granted(client);
  }

  failed(error: Error): void {
    this.#request.failed(error);
  }
}
