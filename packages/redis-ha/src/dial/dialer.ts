import {
  backoffMs,
  cutTcp,
  Deadline,
  describeError,
  endpointKey,
  HaError,
  isFinal,
  isHaError,
  primaryOf,
  type Primary,
  type Timer,
} from '@steadfast/shared';
import type { Socket } from 'node:net';
import type { ReplicationGroup } from '../group/replication-group.ts';
import { tlsRefusal } from '../options/tls.ts';
import { identify } from '../wire/identify.ts';
import { sleepUnless } from '../wire/sleep-unless.ts';
import { WireConnection } from '../wire/wire-connection.ts';
import { generationOf, isLeftBehind } from './admission.ts';
import { cutOnTimeout } from './cut-on-timeout.ts';
import type { Link } from './link.ts';
import { Route } from './route.ts';

export interface DialerListener {
  /** a verified link has ended; called before ioredis hears of it */
  unlinked(link: Link): void;
  /** runs a dial, and tells of it */
  dial<T>(primary: Primary, dial: () => Promise<T>): Promise<T>;
  /** the server refuses us, after it had let us in before: trying goes on, but callers should know at once */
  refused(error: HaError): void;
}

/** Pauses between dials that fail, and after links that did not live long. */
const PAUSE = { minMs: 10, maxMs: 250 };
const REFUSED_PAUSE = { minMs: 500, maxMs: 5_000 };
/** A link that ends sooner counts as a failed dial. */
const SHORT_LIFE_MS = 1_000;
/** One wait for a primary; the dialer waits again and again, commands have deadlines of their own. */
const ROUND_MS = 30_000;

/**
 * Finds the primary, opens a connection to it and verifies that it is one, as often as it takes. ioredis takes a connector
 * that rejects for the end of the client: so only being closed, and settings that never worked, reject.
 */
export class Dialer {
  readonly #group: () => ReplicationGroup;
  readonly #listener: DialerListener;
  #giveUp: AbortController | undefined;
  #link: Link | undefined;
  #failures = 0;
  #everLinked = false;
  #fatal: HaError | undefined;
  /** while ioredis sets a link up, which nobody else looks after: see `ready` */
  #settingUp: Timer | undefined;

  constructor(group: () => ReplicationGroup, listener: DialerListener) {
    this.#group = group;
    this.#listener = listener;
  }

  /** why connect() rejected, where it was not for being closed */
  get fatal(): HaError | undefined {
    return this.#fatal;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  async connect(): Promise<Socket> {
    const giveUp = new AbortController();
    this.#giveUp = giveUp;
    this.#fatal = undefined;
    // Runs for as long as the client is open; every turn waits for a primary, or pauses.
    while (!giveUp.signal.aborted) {
      try {
        await this.#pause(giveUp.signal);
        const link = await this.#attempt(giveUp.signal);
        // Closed in the meantime: a link now would undo that.
        if (giveUp.signal.aborted) link.socket.destroy();
        else return this.#accept(link);
      } catch (error) {
        this.#failures += 1;
        if (!giveUp.signal.aborted) await this.#failed(error, giveUp.signal);
      }
    }
    throw closedError();
  }

  /**
   * Ends the link at once, and any dial under way. ioredis would end it politely, and wait 2 s for a frozen server. What has
   * been written may still arrive, as programs that end with a last command expect; where it is to be sent again, `cut` first.
   */
  disconnect(): void {
    this.#giveUp?.abort();
    this.#link?.socket.destroy();
  }

  /** Ends the link, and all that is still on its way there; ioredis will ask for another. */
  cut(): void {
    if (this.#link) cutTcp(this.#link.socket);
  }

  /** ioredis has finished setting the link up. */
  ready(): void {
    this.#settingUp?.cancel();
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (this.#failures > 0) await this.#rest(PAUSE, this.#failures - 1, signal);
  }

  async #attempt(signal: AbortSignal): Promise<Link> {
    const { monitor, pacer, settings } = this.#group();
    const primary = await monitor.whenPrimary(Deadline.after(settings.clock, ROUND_MS), signal);
    const { generation } = monitor.topology;
    return pacer.run(
      () => generation,
      () => this.#listener.dial(primary, () => this.#dial(primary, generation, signal)),
    );
  }

  async #dial(primary: Primary, generation: number, signal: AbortSignal): Promise<Link> {
    const { monitor, settings, dns } = this.#group();
    const { clock, data, lookup, ha } = settings;
    const { endpoint } = primary;
    const route = dns && new Route(dns, ha.dialTimeoutMs);
    const at = clock.now();
    const options = {
      endpoint,
      tls: data.tls,
      family: data.family,
      lookup: route?.lookup ?? lookup,
      timeoutMs: ha.dialTimeoutMs,
      clock,
      signal,
    };
    let connection: WireConnection | undefined;
    const onAbort = (): void => connection?.destroy(closedError());
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      connection = await WireConnection.open(options);
      const remainingMs = Math.max(1, ha.dialTimeoutMs - (clock.now() - at));
      const asked = { timeoutMs: remainingMs, roleOptional: ha.strategy !== 'sentinel', clientId: true };
      const identity = await identify(connection, data.credentials, asked);
      const moves = route?.epochOf(connection.address);
      const answer = { endpoint, generation, moves };
      const before = monitor.topology;
      if (isLeftBehind(answer, before)) throw changed();
      if (identity.is === 'primary')
        monitor.report({ kind: 'self', endpoint, role: 'primary', epoch: moves, at });
      else if (identity.is !== 'replica') throw new Error(identity.why);
      // A name that leads to a replica for now says nothing of the server that other links lead to.
      else if (ha.strategy !== 'managed') monitor.report({ kind: 'self', endpoint, role: 'replica', at });
      if (identity.is === 'replica') throw new Error(`${endpointKey(endpoint)} has become a replica`);
      const stamp = generationOf(answer, { before, after: monitor.topology });
      if (stamp === undefined) throw changed();
      const { clientId } = identity;
      const epoch = moves ?? primary.epoch;
      const since = clock.now();
      return { socket: connection.release(), endpoint, generation: stamp, epoch, since, clientId };
    } catch (error) {
      connection?.destroy();
      // Behind a name an old address may linger: one dial proves nothing there.
      if (connection === undefined && !signal.aborted && ha.strategy !== 'managed')
        monitor.report({ kind: 'unreachable', endpoint, reason: describeError(error), at });
      else if (!signal.aborted) monitor.suspect(`a dial of ${endpointKey(endpoint)} failed`);
      throw tlsRefusal(error, endpointKey(endpoint)) ?? error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #accept(link: Link): Socket {
    const { clock, ha } = this.#group().settings;
    this.#link = link;
    this.#everLinked = true;
    this.#watchSetUp(link, ha.dialTimeoutMs);
    // Before ioredis adds its own listener: what is in flight is ours to settle.
    link.socket.once('close', () => {
      if (this.#link === link) {
        this.#link = undefined;
        this.#settingUp?.cancel();
      }
      this.#failures = clock.now() - link.since < SHORT_LIFE_MS ? this.#failures + 1 : 0;
      this.#listener.unlinked(link);
    });
    return cutOnTimeout(link.socket);
  }

  /** Cuts a link on which nothing comes for so long, unless it becomes ready. */
  #watchSetUp(link: Link, timeoutMs: number): void {
    const { clock } = this.#group().settings;
    const { bytesRead } = link.socket;
    const look = (): void => {
      if (link.socket.bytesRead === bytesRead) cutTcp(link.socket);
      else this.#watchSetUp(link, timeoutMs);
    };
    this.#settingUp = clock.timer(timeoutMs, look, { background: true });
  }

  /** @throws where trying again would only hide a wrong setting */
  async #failed(error: unknown, signal: AbortSignal): Promise<void> {
    const { log } = this.#group();
    const refused = isFinal(error);
    log.warn(
      { event: 'dial-failed', error: describeError(error), attempt: this.#failures },
      'no connection yet',
    );
    if (refused && !this.#everLinked) {
      this.#fatal = error;
      throw error;
    }
    if (refused) this.#listener.refused(error);
    if (isHaError(error, 'HA_CLOSED')) throw closedError();
    if (refused || isHaError(error, 'HA_CIRCUIT_OPEN'))
      await this.#rest(REFUSED_PAUSE, Math.min(this.#failures, 6), signal);
  }

  /** A pause, which ends when a primary is found. */
  async #rest(pause: typeof PAUSE, failures: number, signal: AbortSignal): Promise<void> {
    const { monitor, settings } = this.#group();
    const { clock, random } = settings;
    const news = new AbortController();
    const stop = monitor.onChange(({ next }) => primaryOf(next) && news.abort());
    await sleepUnless(clock, backoffMs(pause, failures, random), [signal, news.signal]);
    stop();
  }
}

function changed(): Error {
  return new Error('the primary changed while it was dialled');
}

/** The words that programs know from ioredis. */
export function closedError(): HaError {
  return new HaError('HA_CLOSED', 'Connection is closed.', { outcome: 'notSent' });
}
