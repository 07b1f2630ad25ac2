import { describeError, primaryOf, type Endpoint, type TopologyChange } from '@steadfast/shared';
import type { EventEmitter } from 'node:events';
import { Redis, type Callback, type RedisOptions } from 'ioredis';
import type { DriverCommand } from './commands/command.ts';
import { notedNames } from './commands/noted.ts';
import { blocksOthers, carry } from './dedicated/carry.ts';
import type { UseOptions } from './dedicated/dedicated-pool.ts';
import { Lending } from './dedicated/lending.ts';
import { Monitoring, MONITORING } from './dedicated/monitoring.ts';
import { OWN_CONNECTION } from './dedicated/own-connection.ts';
import { take, takeHost, type Taken, type TakeOptions } from './dedicated/take.ts';
import { connectorFor } from './dial/ha-connector.ts';
import { closedError, Dialer } from './dial/dialer.ts';
import { driverOptions } from './driver/driver-options.ts';
import { concealArguments, concealSecrets } from './driver/conceal.ts';
import { endNow, internalsOf, watchStatus } from './driver/internals.ts';
import { unwritten } from './driver/unwritten.ts';
import { Membership } from './group/membership.ts';
import type { ReplicationGroup } from './group/replication-group.ts';
import { acquireLock, withLock, type LockHost } from './lock/acquire.ts';
import type { LockOptions } from './lock/lock-options.ts';
import type { Lock } from './lock/lock.ts';
import { readArguments, type HaRedisArguments } from './options/arguments.ts';
import { readSettings, type HaRedisOptions, type Settings } from './options/settings.ts';
import { hostOf } from './once/host.ts';
import { runDurable, type DurableHost, type DurableOptions } from './once/durable.ts';
import { onceFor, type OnceOp, type OnceOptions, type OnceScript } from './once/once.ts';
import type { Tally } from './survival/tally.ts';
import { ClientTelemetry } from './telemetry/client-telemetry.ts';
import type { RedisEvents } from './telemetry/redis-events.ts';
import { CommandStory } from './telemetry/command-story.ts';
import { traceOnce } from './telemetry/once-trace.ts';
import { publishKept, type Published, type PublishOptions } from './pubsub/publish-kept.ts';
import { streamReader } from './pubsub/stream-reader.ts';
import { Subscriber, type SubscriberOptions } from './pubsub/subscriber.ts';
import { HaReader } from './reader/ha-reader.ts';
import { watchTimeout } from './traffic/command-timeout.ts';
import { LinkCare } from './traffic/link-care.ts';
import { Traffic } from './traffic/traffic.ts';
import { redisHealth, shortHealth, type RedisHealth } from './group/health.ts';

/** ioredis 6 says by type which shape of replies a duplicate gives. */
type Duplicate<Override> = HaRedis & ReturnType<typeof Redis.prototype.duplicate<AsDriver<Override>>>;
type AsDriver<Override> = Override extends Partial<RedisOptions> ? Override : undefined;
type Listener = Parameters<EventEmitter['once']>[1];
type SendArguments = Parameters<Redis['sendCommand']>;

/**
 * An ioredis client that follows the primary. Commands wait through a failover instead of failing, are sent again only where
 * that changes nothing, and every one that fails says what became of it (`error.outcome`).
 *
 * Events beside ioredis's own: those of {@link RedisEvents}, each after what it tells of has taken effect.
 * @throws HaError HA_CONFIG naming the option or variable that is wrong
 */
export class HaRedis extends Redis {
  readonly #options: HaRedisOptions;
  readonly #settings: Settings;
  readonly #dialer: Dialer;
  readonly #traffic: Traffic;
  readonly #care: LinkCare;
  readonly #telemetry: ClientTelemetry;
  readonly #lending: Lending<HaRedis>;
  /** commands that block go through connections of their own */
  readonly #apart: boolean;
  /** commands that never pass unseen, by name */
  readonly #noted: ReadonlySet<string>;
  readonly #monitoring: Monitoring;
  readonly #membership: Membership;
  #reader: HaReader | undefined;
  /** counts acknowledged writes, where a survival report is wanted */
  #tally: Tally | undefined;

  /** As ioredis: options, a URL or a port and a host, each with options after it. */
  constructor(...given: HaRedisArguments) {
    const options = readArguments(given);
    const settings = readSettings(options);
    const wiring: { self?: HaRedis } = {};
    const membership = new Membership(settings, (joined) => (wiring.self as HaRedis).#joined(joined));
    const group = (): ReplicationGroup => membership.lastGroup;
    const dialer = new Dialer(group, {
      unlinked: (link) => {
        (wiring.self as HaRedis).#care.unlinked(link);
        (wiring.self as HaRedis).#traffic.unlinked(link);
      },
      refused: (error) => {
        (wiring.self as HaRedis).#traffic.rejectWaiting(error);
        wiring.self?.silentEmit('error', error);
      },
      dial: (primary, dial) => (wiring.self as HaRedis).#telemetry.dial(primary, dial),
    });
    super(driverOptions(settings.driver, connectorFor(dialer, settings.ha)));
    wiring.self = this;
    this.options.lazyConnect = options.lazyConnect ?? false;
    this.#options = options;
    this.#apart = settings.ha.blocking === 'dedicated';
    this.#noted = notedNames(this.#apart);
    this.#settings = settings;
    this.#membership = membership;
    this.#dialer = dialer;
    const around = { settings, group, dialer, driver: internalsOf(this) };
    const story = new CommandStory(settings.clock);
    this.#care = new LinkCare({
      ...around,
      traffic: () => this.#traffic,
      ping: () => this.ping(),
      onGap: (gap) => this.#telemetry.missed(gap),
    });
    this.#traffic = new Traffic({
      ...around,
      send: (command, stream) => super.sendCommand(command as SendArguments[0], stream as SendArguments[1]),
      select: (db) => void this.select(db).catch(() => undefined),
      connect: () => void this.connect().catch(() => undefined),
      disconnect: () => this.#disconnectOwn(),
      care: this.#care,
      story,
    });
    this.#telemetry = new ClientTelemetry({
      client: this,
      settings,
      story,
      waiting: () => this.#traffic.waiting,
      linked: () => this.#traffic.ready,
    });
    this.#lending = new Lending<HaRedis>({
      settings,
      group,
      open: () => this.duplicate({ ...OWN_CONNECTION, lazyConnect: true }),
      conditionOf: (connection) => connection.#traffic.condition,
    });
    this.#monitoring = new Monitoring(settings, () => membership.group?.log);
    concealSecrets(this, () => shortHealth(this.health()));
    watchStatus(this, (status) => this.#onStatus(status));
    if (!this.options.lazyConnect) this.connect().catch(() => undefined);
  }

  /** The primary that is followed now. */
  get primary(): Endpoint | undefined {
    const { group } = this.#membership;
    return group && primaryOf(group.monitor.topology)?.endpoint;
  }

  /** For readiness probes. Plain data. */
  health(): RedisHealth {
    const { ready: linked, waiting } = this.#traffic;
    return redisHealth(this.#membership.group, { linked, waiting });
  }

  /**
   * Applies commands exactly once, whatever happens to connections and primaries: `redis.once([['incr', 'n']], { token })`.
   * or a script of one's own: `redis.once({ script, keys, args }, { token })`. With an event's name it is the emitter's `once`.
   * @see runOnce
   * @see runScriptOnce
   */
  override once(ops: readonly OnceOp[], options: OnceOptions): Promise<unknown[]>;
  override once(script: OnceScript, options: OnceOptions): Promise<unknown>;
  override once<E extends keyof RedisEvents>(event: E, listener: (news: RedisEvents[E]) => void): this;
  override once(event: 'message' | 'pmessage', listener: (...words: string[]) => void): this;
  override once(event: 'error', listener: (error: Error) => void): this;
  override once(event: string | symbol, listener: Listener): this;
  override once(
    first: readonly OnceOp[] | OnceScript | string | symbol,
    second: OnceOptions | Listener = {} as OnceOptions,
  ): Promise<unknown> | this {
    if (typeof second === 'function') return super.once(first as string, second);
    const work = first as readonly OnceOp[] | OnceScript;
    return traceOnce(work, second, () => onceFor(this.#host, work, second));
  }

  override on<E extends keyof RedisEvents>(event: E, listener: (news: RedisEvents[E]) => void): this;
  override on(event: 'message' | 'pmessage', listener: (...words: string[]) => void): this;
  override on(event: 'error', listener: (error: Error) => void): this;
  override on(event: string | symbol, listener: Listener): this;
  override on(event: string | symbol, listener: Listener): this {
    return super.on(event as string, listener);
  }

  /**
   * As `once`, and resolves when replicas have it too: `redis.durable([['incr', 'n']], { replicas: 1 })`.
   * @see runDurable
   */
  durable(ops: readonly OnceOp[], options: DurableOptions): Promise<unknown[]>;
  durable(script: OnceScript, options: DurableOptions): Promise<unknown>;
  durable(
    work: readonly OnceOp[] | OnceScript,
    options: DurableOptions = {} as DurableOptions,
  ): Promise<unknown> {
    return runDurable(this.#host, work, options);
  }

  override connect(callback?: (error?: Error | null) => void): Promise<void> {
    if (this.status === 'end' || this.status === 'wait') {
      this.#traffic.closing = false;
      this.#traffic.endedBy = undefined;
      // ioredis forgets to, where the end came while it was still connecting.
      internalsOf(this).manuallyClosing = false;
    }
    this.#membership.join();
    return super.connect(callback);
  }

  /** Ends the connection at once, in any state. Waiting commands end with HA_CLOSED, those in flight as `unknown`. */
  override disconnect(reconnect = false): void {
    // A dial under way is the new connection already: ended, its connector would reject, and that is the end of the client.
    if (reconnect && this.status === 'connecting' && !this.#dialer.link) return;
    // What is safe is sent again: it must not arrive from here as well, after later ones.
    if (reconnect) this.#dialer.cut();
    if (reconnect) return super.disconnect(true);
    this.#lending.destroy();
    this.#monitoring.end();
    this.#disconnectOwn();
  }

  /** What is lent goes on: quit() waits for it. */
  #disconnectOwn(): void {
    this.#traffic.closing = true;
    endNow(this);
  }

  /** A client of its own connection; it shares what is known of the group, as all clients with the same settings do. */
  override duplicate<
    Override extends Partial<HaRedisOptions> | Partial<RedisOptions> | undefined = undefined,
  >(override?: Override): Duplicate<Override> {
    return new HaRedis({ ...this.#options, ...override } as HaRedisOptions) as Duplicate<Override>;
  }

  /** The commands that read, on replicas that are fresh enough. @see HaReader */
  get reader(): HaReader {
    const group = (): ReplicationGroup => this.#membership.lastGroup;
    const primary = (command: DriverCommand): unknown => this.sendCommand(command as SendArguments[0]);
    const db = (): number => this.#traffic.db;
    const ended = (): boolean => this.status === 'end';
    const timed = (command: DriverCommand): void => watchTimeout(command, this.#traffic);
    return (this.#reader ??= new HaReader({ settings: this.#settings, group, primary, db, ended, timed }));
  }

  /** A connection that listens, and tells or reads what it has missed. @see Subscriber */
  subscriber(options: SubscriberOptions = {}): Subscriber {
    const connection = this.duplicate({ ...OWN_CONNECTION, lazyConnect: false });
    return new Subscriber(connection, streamReader(this), options, () => this.#membership.group?.log);
  }

  /** PUBLISH, exactly once, and kept in a stream from which subscribers read what they missed. @see publishKept */
  publishKept(channel: string, message: string, options: PublishOptions = {}): Promise<Published> {
    return publishKept(this.#host, channel, message, options);
  }

  /**
   * A lock that one holder has at a time; it is extended by itself, and `lock.signal` fires when it can no longer be trusted.
   * @see acquireLock
   */
  lock(name: string, options: LockOptions = {}): Promise<Lock> {
    return acquireLock(this.#lockHost, name, options);
  }

  /** Runs `work` under a lock, and lets that go whatever happens. @see withLock */
  withLock<T>(name: string, options: LockOptions, work: (lock: Lock) => T | Promise<T>): Promise<T> {
    return withLock(this.#lockHost, name, options, work);
  }

  /**
   * Lends a connection to the primary to `work` alone, for what cannot share one: WATCH, commands that block.
   * @see DedicatedPool.use
   */
  use<T>(
    work: (connection: HaRedis, signal: AbortSignal) => T | Promise<T>,
    options: UseOptions = {},
  ): Promise<T> {
    if (this.status === 'end') return Promise.reject(closedError());
    return this.#lending.pool.use(work, options);
  }

  /** As ioredis's, within failoverWaitMs; where that fails nothing is left of the connection. @see Monitoring.begin */
  override monitor(callback?: Callback<Redis>): Promise<Redis> {
    return this.#monitoring.begin<HaRedis>(this.duplicate(MONITORING), callback);
  }

  /** An element of a list, which stays in a list of the consumer's own until it is done. @see take */
  take(list: string, own: string, options: TakeOptions = {}): Promise<Taken | null> {
    return take(takeHost(this, this.#settings.clock, this.#databases), list, own, options);
  }

  /** As ioredis's; connections that `use` has lent are waited for, at most failoverWaitMs, or until disconnect(). */
  override quit(callback?: Callback<'OK'>): Promise<'OK'> {
    const drained = this.#lending.drain(this.#settings.ha.failoverWaitMs);
    const quitted = super.quit(callback);
    return drained ? Promise.all([quitted, drained]).then(([answer]) => answer) : quitted;
  }

  /** @ignore While all is well this is all that stands between a command and ioredis. */
  override sendCommand(...sent: SendArguments): unknown {
    const command = sent[0] as DriverCommand;
    if (this.options.commandTimeout !== undefined) watchTimeout(command, this.#traffic);
    if (this.#tally) this.#tally.watch(command);
    try {
      if (this.#traffic.open && !this.#noted.has(command.name)) return super.sendCommand(...sent);
      if (this.#carries(command)) return this.#carry(command);
      return this.#traffic.route(command, sent[1]);
    } catch (error) {
      throw unwritten(internalsOf(this), sent[1], error);
    }
  }

  /** @ignore Every error reply passes here. */
  override handleReconnection(error: Error, item: Parameters<Redis['handleReconnection']>[1]): void {
    concealArguments(error);
    if (this.#traffic.refused(error, item.command as unknown as DriverCommand)) return;
    super.handleReconnection(error, item);
  }

  /** @ignore Bytes that are no replies end the link: what was in flight on it is judged as at any end. */
  override recoverFromFatalError(_commandError: Error, error: Error): void {
    this.silentEmit('error', error);
    this.disconnect(true);
  }

  /** @ignore An error that nobody listens for goes to the log, and never to the console or the process. */
  override silentEmit(event: string, argument?: unknown): boolean {
    if (event !== 'error' || this.listenerCount('error') > 0) return super.silentEmit(event, argument);
    const about = { event: 'unheard-error', error: describeError(argument) };
    this.#membership.group?.log.warn(about, 'an error that nobody listens for');
    return false;
  }

  /** What scripts need of this client. */
  get #host(): DurableHost {
    return hostOf(this, this.#settings, this.#dialer);
  }

  /** What it listens to in its group, for as long as it has not ended. */
  #joined(group: ReplicationGroup): (() => void)[] {
    this.#telemetry.start(group);
    this.#tally = group.survey?.tally;
    const inFlight = (): number => internalsOf(this).commandQueue.length + this.#care.withheld;
    return [
      group.monitor.onChange((change) => this.#topologyChanged(change)),
      group.hold.onChange(() => this.#held(group)),
      group.onSurvival((report) => this.#telemetry.survived(report)),
      group.onBreaker((open) => this.#telemetry.breakerChanged(open)),
      () => this.#telemetry.stop(),
      ...(this.#tally ? [this.#tally.join(inFlight)] : []),
    ];
  }

  get #lockHost(): LockHost {
    const { clock, random } = this.#settings;
    const onEnd = (listener: () => void): (() => void) => this.#membership.onLeave(listener);
    return { host: this.#host, group: () => this.#membership.lastGroup, onEnd, clock, random };
  }

  /** Once the client has ended, nothing may open a connection for it. */
  #carries(command: DriverCommand): boolean {
    return this.#apart && this.status !== 'end' && !this.#traffic.transacting && blocksOthers(command);
  }

  #carry(command: DriverCommand): unknown {
    const send = (connection: HaRedis): unknown => connection.sendCommand(command as SendArguments[0]);
    return carry(this.#lending.pool, command, { ...this.#databases, send });
  }

  /** That which is selected, and that of a connection which is lent. */
  get #databases(): { db: number; ownDb: number } {
    return { db: this.#traffic.db, ownDb: this.options.db ?? 0 };
  }

  #held({ hold }: ReplicationGroup): void {
    if (hold.holding) this.#care.hold();
    this.#traffic.flush();
    this.#telemetry.holdChanged(hold);
  }

  #topologyChanged(change: TopologyChange): void {
    this.#traffic.topologyChanged();
    this.#reader?.topologyChanged();
    this.#telemetry.topologyChanged(change);
  }

  #onStatus(status: string): void {
    // ioredis finishes its own part first (it subscribes again), and that goes before what waits.
    if (status === 'ready') queueMicrotask(() => this.#readied());
    if (status === 'end') this.#ended();
  }

  #readied(): void {
    if (this.status !== 'ready') return;
    this.#dialer.ready();
    this.#traffic.connectionReady();
    this.#care.linked();
  }

  #ended(): void {
    const error = this.#traffic.closing ? undefined : this.#dialer.fatal;
    this.#traffic.end(error);
    this.#care.ended();
    this.#reader?.disconnect();
    this.#lending.ended();
    this.#monitoring.end();
    this.#membership.leave();
  }
}
