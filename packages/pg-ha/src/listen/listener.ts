import {
  asError,
  backoffMs,
  Deadline,
  describeError,
  endpointKey,
  HaError,
  isFinal,
  primaryOf,
  sleep,
  within,
  wrongSetting,
  type Clock,
  type HaLogger,
  type Instant,
  type Random,
  type Seat,
  type Timer,
  type Topology,
} from '@steadfast/shared';
import type { ClientBase } from 'pg';
import type { HaClient } from '../dial/ha-client.ts';
import { checkLimits } from '../pool/call-bound.ts';
import { mayBeRotating, REREAD_MS, type PasswordReader } from '../pool/rotating-password.ts';
import { quoteChannel } from './channel-name.ts';
import {
  Subscription,
  type Gap,
  type Listening,
  type ListenOptions,
  type Notification,
  type NotificationHandler,
} from './subscription.ts';

export interface ListenerParts extends PasswordReader {
  monitor: Seat;
  clock: Clock;
  random: Random;
  log: HaLogger;
  /** a new connection, for whoever is primary when it is dialled */
  newClient: () => HaClient;
  failoverWaitMs: number;
  /** how often the connection is asked for a sign of life, and how long that may take, ms */
  heartbeatMs: number;
  heartbeatTimeoutMs: number;
  told: (gap: Gap) => void;
}

/** A connection that listens. */
interface Link {
  readonly client: HaClient;
  readonly openedAt: Instant;
  /** a time before which nothing that was sent is missing */
  completeUntil: Instant;
  /** when the last question that was answered was put */
  answeredAt: Instant;
  heartbeat: Timer | undefined;
}

/**
 * - `idle`: nobody listens; there is no connection.
 * - `connecting`: a connection is sought; `lost` is the one before it, if there was one.
 * - `listening`: all channels are heard on it.
 */
type State =
  | { at: 'idle' }
  | { at: 'connecting'; lost: { since: Instant; why: string } | undefined }
  | { at: 'listening'; link: Link }
  | { at: 'closed' };

/** LISTEN for one pool: one connection of its own to the primary, made anew wherever the primary goes. */
export class Listener {
  readonly #parts: ListenerParts;
  readonly #subscriptions = new Set<Subscription>();
  readonly #waiting = new Map<Subscription, PromiseWithResolvers<void>>();
  #state: State = { at: 'idle' };
  /** the connection that is being made */
  #making: HaClient | undefined;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    parts.monitor.onChange(({ previous, next }) => {
      const link = this.#state.at === 'listening' ? this.#state.link : undefined;
      const client = link?.client ?? this.#making;
      if (!client?.supersededBy(next)) return;
      // The old primary may have gone on answering beside the new one, where notifications were sent that it never heard of.
      if (link)
        link.completeUntil = Math.min(link.completeUntil, aloneUntil(previous, next) ?? link.openedAt);
      const why = 'another server is the primary now';
      client.interrupt(new HaError('HA_INTERRUPTED', why, { outcome: 'unknown' }));
    });
  }

  /** @throws HaError HA_CONFIG, HA_AUTH, HA_NO_PRIMARY where no server could be told in time, HA_CLOSED */
  async listen(channel: string, handler: NotificationHandler, options: ListenOptions): Promise<Listening> {
    quoteChannel(channel);
    checkOptions(handler, options);
    if (this.#state.at === 'closed') throw closed();
    const { clock, log, told, failoverWaitMs } = this.#parts;
    const failed = (error: unknown): void =>
      log.warn(
        { event: 'handler-failed', channel, error: describeError(error) },
        'a notification’s handler failed',
      );
    const subscription = new Subscription({ clock, channel, handler, options, told, failed });
    this.#subscriptions.add(subscription);
    const heard = Promise.withResolvers<void>();
    this.#waiting.set(subscription, heard);
    this.#tell(subscription);
    const ms = options.deadlineMs ?? failoverWaitMs;
    try {
      await within(clock, ms, heard.promise, () => this.#unheard(ms));
    } catch (error) {
      await this.#drop(subscription);
      throw error;
    }
    if (!subscription.established) throw closed();
    return { channel, close: () => this.#drop(subscription) };
  }

  close(): void {
    if (this.#state.at === 'closed') return;
    const state = this.#state;
    this.#state = { at: 'closed' };
    if (state.at === 'listening') this.#end(state.link);
    this.#making?.interrupt();
    for (const subscription of this.#subscriptions) subscription.close();
    this.#subscriptions.clear();
    for (const heard of this.#waiting.values()) heard.resolve();
    this.#waiting.clear();
  }

  /** A new subscription: on the connection that stands, or with the one that is being made. */
  #tell(subscription: Subscription): void {
    const { clock } = this.#parts;
    if (this.#state.at === 'idle') {
      this.#state = { at: 'connecting', lost: undefined };
      void this.#connect();
    } else if (this.#state.at === 'listening') {
      const { link } = this.#state;
      const at = clock.now();
      run(link.client, `LISTEN ${quoteChannel(subscription.channel)}`).then(
        () => this.#heard(subscription, at),
        () => undefined, // with its connection; the next one hears of it
      );
    }
  }

  #heard(subscription: Subscription, at: Instant): void {
    subscription.establish(at);
    this.#waiting.get(subscription)?.resolve();
    this.#waiting.delete(subscription);
  }

  async #drop(subscription: Subscription): Promise<void> {
    subscription.close();
    this.#waiting.delete(subscription);
    if (!this.#subscriptions.delete(subscription) || this.#state.at !== 'listening') return;
    const { channel } = subscription;
    const { link } = this.#state;
    if (this.#subscriptions.size === 0) {
      this.#state = { at: 'idle' };
      this.#end(link);
    } else if (![...this.#subscriptions].some((other) => other.channel === channel)) {
      await run(link.client, `UNLISTEN ${quoteChannel(channel)}`).catch(() => undefined);
    }
  }

  /** Until a connection listens, or nobody wants to any more. */
  async #connect(): Promise<void> {
    const { clock, random, monitor, failoverWaitMs } = this.#parts;
    for (let attempt = 0; this.#state.at === 'connecting' && this.#subscriptions.size > 0; attempt++) {
      let pause = backoffMs({ minMs: 2, maxMs: 250 }, attempt, random);
      try {
        await monitor.whenConfirmed(Deadline.after(clock, failoverWaitMs));
        if (await this.#open(this.#state.lost)) return;
      } catch (error) {
        if (this.#isRefused(error)) pause = REREAD_MS;
      }
      await sleep(clock, pause);
    }
    if (this.#state.at === 'connecting') this.#state = { at: 'idle' };
  }

  /** What waiting would only hide is told to those who wait to be heard; who has been heard before is not given up. */
  #isRefused(error: unknown): boolean {
    const refused = isFinal(error);
    const told = { event: 'listen-failed', error: describeError(error) };
    this.#parts.log[refused ? 'warn' : 'debug'](told, 'could not listen yet');
    if (refused && !mayBeRotating(error, this.#parts)) {
      for (const heard of this.#waiting.values()) heard.reject(error);
      this.#waiting.clear();
    }
    return refused;
  }

  async #open(lost: { since: Instant; why: string } | undefined): Promise<boolean> {
    const { clock, newClient, monitor, heartbeatTimeoutMs } = this.#parts;
    const client = (this.#making = newClient());
    let link: Link | undefined;
    client.on('notification', ({ channel, payload = '', processId }) =>
      this.#deliver({ channel, payload, processId }),
    );
    const ended = (error?: Error): void => {
      if (link) this.#lost(link, error);
    };
    client.on('error', ended);
    client.on('end', () => ended());
    try {
      await client.connect();
      const channels = new Set([...this.#subscriptions].map(({ channel }) => quoteChannel(channel)));
      const told = new Set(this.#subscriptions);
      const at = clock.now();
      const listens = run(client, [...channels].map((channel) => `LISTEN ${channel}`).join('; '));
      const late = (): Error => new Error(`LISTEN was not answered within ${heartbeatTimeoutMs} ms`);
      await within(clock, heartbeatTimeoutMs, listens, late);
      if (this.#state.at !== 'connecting') return this.#refuse(client);
      if (this.#subscriptions.size === 0) throw new Error('nobody listens any more');
      // What is announced while a connection is made finds none that it could cut.
      if (client.supersededBy(monitor.topology)) throw new Error('its server has been replaced meanwhile');
      link = { client, openedAt: at, completeUntil: at, answeredAt: at, heartbeat: undefined };
      this.#state = { at: 'listening', link };
      const answered = clock.now();
      for (const subscription of told) {
        if (lost && subscription.established) subscription.missed(lost.since, answered, lost.why);
        this.#heard(subscription, at);
      }
    } catch (error) {
      client.interrupt();
      throw error;
    } finally {
      this.#making = undefined;
    }
    // Those who came while LISTEN was under way.
    for (const subscription of this.#waiting.keys()) this.#tell(subscription);
    this.#beat(link);
    return true;
  }

  #refuse(client: HaClient): true {
    client.interrupt();
    return true;
  }

  #deliver(notification: Notification): void {
    for (const subscription of this.#subscriptions)
      if (subscription.channel === notification.channel) subscription.notify(notification);
  }

  /**
   * A connection on which nothing comes may be dead. A server hands over what is due before it waits for the next statement, so
   * an answer says that nothing is missing of what was sent before the question ahead of it.
   */
  #beat(link: Link): void {
    const { clock, heartbeatMs, heartbeatTimeoutMs } = this.#parts;
    link.heartbeat = clock.timer(
      heartbeatMs,
      () => {
        const at = clock.now();
        const late = (): Error => new Error(`no sign of life within ${heartbeatTimeoutMs} ms`);
        within(clock, heartbeatTimeoutMs, run(link.client, ''), late).then(
          () => {
            link.completeUntil = link.answeredAt;
            link.answeredAt = at;
            if (this.#state.at === 'listening' && this.#state.link === link) this.#beat(link);
          },
          (error: unknown) => {
            link.client.suspect(describeError(error));
            this.#lost(link, asError(error));
          },
        );
      },
      { background: true },
    );
  }

  #lost(link: Link, error?: Error): void {
    if (this.#state.at !== 'listening' || this.#state.link !== link) return;
    const { endpoint } = link.client;
    const where = endpoint ? endpointKey(endpoint) : 'the primary';
    const why = `the link to ${where} was lost${error ? ` (${describeError(error)})` : ''}`;
    this.#state = { at: 'connecting', lost: { since: link.completeUntil, why } };
    this.#end(link);
    void this.#connect();
  }

  #end(link: Link): void {
    link.heartbeat?.cancel();
    link.client.interrupt();
  }

  #unheard(ms: number): HaError {
    const message = `no primary could be told to LISTEN within ${Math.round(ms)} ms`;
    return new HaError('HA_NO_PRIMARY', message, { outcome: 'notSent', cause: this.#parts.monitor.trouble });
  }
}

/** The last moment at which whoever is primary now was known to be a standby, so that nothing was sent there. */
function aloneUntil(previous: Topology, next: Topology): Instant | undefined {
  const primary = primaryOf(next);
  const before = primary && previous.members.get(endpointKey(primary.endpoint));
  return before?.role === 'replica' ? before.observedAt : undefined;
}

function run(client: HaClient, sql: string): Promise<unknown> {
  return (client as Pick<ClientBase, 'query'>).query(sql);
}

function checkOptions(handler: unknown, options: ListenOptions): void {
  if (typeof handler !== 'function') throw wrongSetting('the handler', typeof handler, 'a function');
  checkLimits(options);
  const { maxQueued } = options;
  if (maxQueued !== undefined && (!Number.isInteger(maxQueued) || maxQueued < 1))
    throw wrongSetting('option maxQueued', maxQueued, 'a whole number from 1');
}

function closed(): HaError {
  return new HaError('HA_CLOSED', 'the pool has been ended', { outcome: 'notSent' });
}
