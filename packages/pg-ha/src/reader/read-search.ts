import type { PoolClient } from 'pg';
import {
  asError,
  backoffMs,
  Deadline,
  endpointKey,
  HaError,
  isHaError,
  sleep,
  within,
  withOutcome,
  type Clock,
  type Endpoint,
  type Random,
  type Seat,
  type Timer,
} from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';
import { sqlstateOf } from '../errors/sqlstate.ts';
import { isAlive } from '../pool/fitness.ts';
import { queue, type LeaseRequest } from '../pool/lease.ts';
import type { PoolCore } from '../pool/pool-core.ts';
import { poolInternals } from '../pool/pool-internals.ts';
import type { Chooser } from './chooser.ts';
import type { MemberPools } from './member-pools.ts';
import { blamesServer } from './read-error.ts';
import type { ReadWatch } from './read-watch.ts';

export interface ReadSearchParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly monitor: Seat;
  readonly watch: ReadWatch;
  readonly pools: MemberPools;
  readonly chooser: Chooser;
  /** so long a read with a token waits for a replica to get there, before it goes to the primary */
  readonly tokenWaitMs: number;
  /** whether the server behind this very connection has got to the request's token; undefined: the watch knows */
  readonly hasReached: ((client: PoolClient, request: LeaseRequest) => Promise<boolean>) | undefined;
  /** so long that answer may take, ms */
  readonly answerMs: number;
  /** told of each connection that is handed out */
  readonly onGrant: (request: LeaseRequest) => void;
}

/** A member that has not handed out a connection for so long gets company, ms. */
const HEDGE_MS = 250;
/** Members that are tried for one call at the same time. */
const SIDE_BY_SIDE = 3;

/**
 * The search for a connection for one read: a member is chosen, and another where that one fails or hangs. All of it is
 * before any work was sent. `tried` lives as long as the request: a member whose connection failed the work is asked last.
 */
export class ReadSearch {
  readonly #parts: ReadSearchParts;
  readonly #request: LeaseRequest;
  readonly #tried: Set<string>;
  readonly #patience: Deadline;
  #underWay = 0;
  #rounds = 0;
  #over = false;
  #asked = false;
  #hedge: Timer | undefined;
  /** how to leave the members' queues in which it waits */
  #places: Set<() => void> | undefined;

  constructor(parts: ReadSearchParts, request: LeaseRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#places = request.places;
    this.#tried = request.tried ??= new Set();
    this.#patience = Deadline.after(parts.clock, request.deadline.stepMs(parts.tokenWaitMs));
  }

  start(): void {
    if (this.#over || this.#request.settled) return;
    const { watch, chooser } = this.#parts;
    watch.use();
    const choice = chooser.choose(this.#request, this.#tried, this.#patience.expired);
    if (choice.at === 'member') return this.#try(choice.endpoint);
    if (choice.at === 'fail') return this.#fail(choice.error);
    if (this.#tried.size > 0) return this.#startOver();
    const { deadline, signal } = this.#request;
    if (choice.forPrimary) this.#askForNewerPrimary();
    const limit = choice.forReplica && !this.#patience.expired ? this.#patience : deadline;
    let outOfPatience = false;
    const expired = (): HaError => {
      outOfPatience = limit !== deadline;
      return chooser.nobody(this.#request);
    };
    watch.whenNews(limit, signal, expired).then(
      () => this.start(),
      (error: unknown) => (outOfPatience ? this.start() : this.#fail(asError(error))),
    );
  }

  /** Once a call: whoever makes up a token must not keep the monitor busy. */
  #askForNewerPrimary(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#parts.monitor.suspect('a token of a newer primary has been seen');
  }

  #try(endpoint: Endpoint): void {
    const { pools, watch } = this.#parts;
    this.#request.attempts += 1;
    this.#underWay += 1;
    this.#tried.add(endpointKey(endpoint));
    const pool = pools.at(endpoint);
    const connect: PoolCore['checkout'] = (callback) => pool.connect(callback);
    const done: Parameters<typeof connect>[0] = (error, client) => {
      this.#underWay -= 1;
      if (!client) {
        if (isHaError(error) && error.code !== 'HA_CLOSED') watch.eject(endpoint, error);
        return this.#failed(error ?? new Error('pg-pool gave neither a connection nor an error'));
      }
      if (this.#over || this.#request.settled) return client.release();
      this.#check(client);
    };
    // What is idle and not spoken for is handed out at once.
    if (pool.idleCount <= pool.waitingCount) {
      this.#places ??= new Set();
      this.#watchOver();
    }
    if (this.#places) queue(() => poolInternals(pool)._pendingQueue, this.#places, connect, done);
    else connect(done);
  }

  /** Most connections are handed out as they come; some have something to answer first. */
  #check(client: PoolClient): void {
    const link = client as unknown as HaClient;
    const asked = this.#request.after && this.#parts.hasReached;
    if (!link.stale && !asked) return this.#grant(client);
    this.#underWay += 1;
    this.#refusal(client, asked).then(
      (refusal) => {
        this.#underWay -= 1;
        if (!refusal && !this.#over && !this.#request.settled) return this.#grant(client);
        client.release(refusal?.closes);
        if (refusal) this.#failed(refusal.error);
      },
      (error: unknown) => {
        this.#underWay -= 1;
        client.release(asError(error));
        this.#failed(unanswered(asError(error)));
      },
    );
  }

  /** Why a connection will not do: it has died unnoticed while idle, or its server has not got to the token. */
  async #refusal(
    client: PoolClient,
    hasReached: ReadSearchParts['hasReached'],
  ): Promise<{ error: Error; closes: boolean } | undefined> {
    const { clock, answerMs } = this.#parts;
    const link = client as unknown as HaClient;
    if (link.stale && !(await isAlive(link, clock)))
      return { error: lost('an idle connection had died'), closes: true };
    const late = (): Error => new Error(`no answer within ${answerMs} ms`);
    if (!hasReached || (await within(clock, answerMs, hasReached(client, this.#request), late)))
      return undefined;
    return { error: lost('the server has not got to the token yet'), closes: false };
  }

  #grant(client: PoolClient): void {
    this.#end();
    this.#parts.onGrant(this.#request);
    this.#request.granted(client);
  }

  #failed(error: Error): void {
    if (this.#over || this.#request.settled || this.#underWay > 0) return;
    const { chooser } = this.#parts;
    const choice = chooser.choose(this.#request, this.#tried, this.#patience.expired);
    if (choice.at === 'member') return this.#try(choice.endpoint);
    // pg-pool's own limits (connectionTimeoutMillis, end) are the app's wish, and no reason to go on.
    if (!isHaError(error)) return this.#fail(withOutcome(error, 'notSent'));
    this.#startOver();
  }

  /** Every member has failed this call: a pause, and all may be tried again. */
  #startOver(): void {
    const { clock, random, chooser } = this.#parts;
    this.#tried.clear();
    if (this.#request.deadline.expired) return this.#fail(chooser.nobody(this.#request));
    const pause = backoffMs({ minMs: 2, maxMs: 250 }, this.#rounds++, random);
    void sleep(clock, this.#request.deadline.stepMs(pause), { signal: this.#request.signal }).then(() =>
      this.start(),
    );
  }

  /** A dial that hangs, or a pool whose connections all hang, holds nobody up. */
  #watchOver(): void {
    const { clock, chooser } = this.#parts;
    this.#hedge?.cancel();
    this.#hedge = clock.timer(this.#request.deadline.stepMs(HEDGE_MS), () => {
      if (this.#over || this.#request.settled || this.#underWay === 0) return;
      if (this.#request.deadline.expired) return this.#fail(chooser.nobody(this.#request));
      const choice =
        this.#underWay < SIDE_BY_SIDE
          ? chooser.choose(this.#request, this.#tried, this.#patience.expired)
          : undefined;
      if (choice?.at === 'member') this.#try(choice.endpoint);
      else this.#watchOver();
    });
  }

  #fail(error: Error): void {
    if (this.#over || this.#request.settled) return;
    this.#end();
    this.#request.failed(error);
  }

  #end(): void {
    this.#over = true;
    this.#hedge?.cancel();
    for (const leave of this.#places ?? []) leave();
    this.#places?.clear();
  }
}

/** A server that goes away over our own question is another server's turn; what it refuses is told. */
function unanswered(error: Error): Error {
  if (sqlstateOf(error) !== undefined && !blamesServer(error)) return error;
  return lost(`the server went away when it was asked how far it is: ${error.message}`, error);
}

function lost(why: string, cause?: Error): HaError {
  return new HaError('HA_CONNECTION_LOST', why, { outcome: 'notSent', cause });
}
