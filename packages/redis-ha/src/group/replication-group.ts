import {
  createLogger,
  DialPacer,
  DnsResolver,
  endpointKey,
  isHaError,
  leadershipEvent,
  logBreaker,
  logLeadership,
  Monitor,
  opossumBreaker,
  primaryOf,
  RetryBudget,
  type Breaker,
  type EpochRule,
  type HaLogger,
  type Prober,
  type Seat,
  type TopologyChange,
  hostGate,
} from '@steadfast/shared';
import { replaces, type Hello } from '../discovery/hello.ts';
import { helloWatch } from '../discovery/hello-watch.ts';
import { RedisProber } from '../discovery/redis-prober.ts';
import { RouteProber } from '../discovery/route-prober.ts';
import { SentinelResolver } from '../discovery/sentinel-resolver.ts';
import { HeartbeatWatch } from '../hold/heartbeat-watch.ts';
import type { SentinelSummary } from '../discovery/sentinel-view.ts';
import { HoldGate } from '../hold/hold-gate.ts';
import type { Settings } from '../options/settings.ts';
import { Survey, type SurvivalReport } from '../survival/survey.ts';
import type { Beside, BesideOptions } from '../wire/beside.ts';
import { PromotionWatch } from '../promotion/promotion-watch.ts';
import { Persistence } from './persistence.ts';
import { SideLine } from './side-line.ts';

/** First and longest pause between two rounds while there is no primary. */
const SEARCH = { minMs: 25, maxMs: 250 };
/** … where nobody announces one: the name, and whom it leads to, must be found by asking. */
const NAME_SEARCH = { minMs: 25, maxMs: 100 };
/** Whom a claim to be primary must agree with, by strategy. */
const RULES = { single: 'self', managed: 'route', sentinel: 'nominated' } as const satisfies Record<
  string,
  EpochRule
>;
/** One question to one member or one sentinel. */
const ASK_MS = 1_000;

/** A master with its replicas and sentinels, as one process sees it: shared by a client and its duplicates. */
export class ReplicationGroup {
  readonly name: string;
  readonly settings: Settings;
  readonly monitor: Seat;
  readonly #loop: Monitor;
  readonly hold: HoldGate;
  readonly breaker: Breaker;
  readonly budget: RetryBudget;
  readonly pacer: DialPacer;
  readonly side: SideLine;
  /** as `side`, to the replica that is about to be promoted */
  readonly replicaSide: SideLine;
  readonly log: HaLogger;
  /** what of the acknowledged writes survives changes of primary, where that is asked for */
  readonly survey: Survey | undefined;
  readonly #resolver: SentinelResolver | undefined;
  /** watches what a provider's name leads to */
  readonly dns: DnsResolver | undefined;
  readonly persistence: Persistence;
  readonly #promotion: PromotionWatch | undefined;
  readonly #hello: Beside | undefined;
  readonly #heartbeat: HeartbeatWatch | undefined;
  readonly #survivalListeners = new Set<(report: SurvivalReport) => void>();
  /** what sentinels say must not lead us, with our credentials, to a host that is nobody's business */
  readonly #mayDial: (host: string) => boolean;
  #wasHolding = false;
  readonly #breakerListeners = new Set<(open: boolean) => void>();

  constructor(settings: Settings) {
    const { ha, clock, random } = settings;
    this.settings = settings;
    this.name = ha.strategy === 'sentinel' ? `the master ${ha.name}` : endpointKey(settings.endpoint);
    this.log = createLogger('redis-ha', ha.logLevel, settings.logger, {
      strategy: ha.strategy,
      group: ha.strategy === 'sentinel' ? ha.name : endpointKey(settings.endpoint),
    });
    this.#mayDial = hostGate(ha.allowedHosts, (host) =>
      this.log.warn(
        { event: 'host-refused', host },
        'a sentinel names a host that allowedHosts (REDIS_HA_ALLOWED_HOSTS) does not allow; it is never dialled',
      ),
    );
    this.breaker = opossumBreaker({
      name: this.name,
      threshold: 100,
      resetMs: 5_000,
      counts: isOutage,
      changed: (open) => this.#breakerChanged(open),
    });
    this.budget = new RetryBudget(clock, { capacity: ha.maxWaiting, perSecond: ha.maxWaiting / 10 });
    this.pacer = new DialPacer(clock, random, { concurrency: 4 });
    const beside = { clock, ...settings.data, lookup: settings.lookup, timeoutMs: ha.dialTimeoutMs };
    this.side = new SideLine(beside);
    this.replicaSide = new SideLine(beside);
    const primary = (): string | undefined => this.primary;
    const sentinels = (): number => this.#resolver?.size ?? 0;
    this.hold = new HoldGate({ clock, enabled: ha.hold, maxMs: ha.holdMaxMs, primary, sentinels });
    this.#resolver = ha.strategy === 'sentinel' ? this.#sentinels() : undefined;
    this.dns =
      settings.find &&
      new DnsResolver({
        hostname: settings.endpoint.host,
        find: settings.find,
        clock,
        watchMs: ha.dnsWatchMs,
      });
    this.#promotion =
      ha.follow === 'promoted' && this.#resolver ? this.#promotions(this.#resolver) : undefined;
    this.#hello = ha.helloFence && this.#resolver ? this.#hellos(this.#resolver) : undefined;
    this.#heartbeat = ha.replicaHeartbeatMs > 0 ? this.#heartbeats() : undefined;
    this.survey = (ha.survivalReport ?? ha.follow === 'promoted') ? this.#surveys() : undefined;
    this.#loop = this.#monitor();
    this.monitor = this.#loop.seat({ clock, breaker: this.breaker, maxWaiting: ha.maxWaiting });
    this.persistence = new Persistence(clock, this.side, () => this.monitor.topology);
    this.monitor.onChange((change) => this.#changed(change));
    this.hold.onChange(() => this.#held());
  }

  /** host:port of the primary that is followed, where there is one. */
  get primary(): string | undefined {
    const primary = primaryOf(this.monitor.topology);
    return primary && endpointKey(primary.endpoint);
  }

  /** Hears what became of acknowledged writes; returns the way to stop. */
  onSurvival(listener: (report: SurvivalReport) => void): () => void {
    this.#survivalListeners.add(listener);
    return () => void this.#survivalListeners.delete(listener);
  }

  /** What the sentinels said last; undefined without sentinels, and until one has answered. */
  get sentinel(): SentinelSummary | undefined {
    return this.#resolver?.summary;
  }

  /** Sentinels whose notifications our user may not hear. */
  get muteSentinels(): readonly string[] {
    return this.#resolver?.mute ?? [];
  }

  /** Hears when the breaker opens and closes; returns the way to stop. */
  onBreaker(listener: (open: boolean) => void): () => void {
    this.#breakerListeners.add(listener);
    return () => void this.#breakerListeners.delete(listener);
  }

  async close(): Promise<void> {
    this.hold.close();
    for (const one of [this.#hello, this.#heartbeat, this.survey]) one?.close();
    await this.#promotion?.close();
    this.side.close();
    this.replicaSide.close();
    await this.#loop.close();
  }

  #sentinels(): SentinelResolver {
    const { ha, sentinels, sentinel, translate, clock, random } = this.settings;
    return new SentinelResolver({
      ...sentinel,
      log: this.log,
      translate,
      mayDial: this.#mayDial,
      clock,
      random,
      seeds: sentinels,
      master: ha.name,
      onEvent: (event, by) => {
        this.log.info({ event: 'sentinel', step: event.step, by }, 'a sentinel has published');
        this.hold.hear(event, by);
        this.#promotion?.hear(event, by);
      },
      onNamed: (_endpoint, epoch) => this.#promotion?.named(epoch),
    });
  }

  #promotions(resolver: SentinelResolver): PromotionWatch {
    const { data, clock, random } = this.settings;
    return new PromotionWatch({
      clock,
      random,
      log: this.log,
      prober: new RedisProber({ clock, ...data, roleOptional: false }),
      topology: () => this.monitor.topology,
      sentinels: () => resolver.size,
      report: (observation) => this.monitor.report(observation),
    });
  }

  #hellos(resolver: SentinelResolver): Beside {
    const { ha, translate, clock } = this.settings;
    const onHello = (heard: Hello): void => {
      const hello = { ...heard, master: translate(heard.master) };
      if (!resolver.knows(hello.sentinel) || !replaces(hello, this.monitor.topology)) return;
      const { master: endpoint, epoch, sentinel } = hello;
      if (!this.#mayDial(endpoint.host)) return;
      this.log.info(
        { event: 'fenced', master: endpointKey(endpoint), epoch },
        'the master has passed on that it was replaced',
      );
      this.monitor.report({
        kind: 'nomination',
        endpoint,
        epoch,
        source: `hello ${sentinel}`,
        at: clock.now(),
      });
    };
    return helloWatch({ ...this.#beside, master: ha.name, onHello });
  }

  #heartbeats(): HeartbeatWatch {
    const onMissing = (missing: boolean): void => this.hold.replicasMissing(missing);
    return new HeartbeatWatch({
      ...this.#beside,
      limitMs: this.settings.ha.replicaHeartbeatMs,
      onMissing,
    });
  }

  #surveys(): Survey {
    return new Survey({
      ...this.#beside,
      holding: () => this.hold.holding,
      onReport: (report) => {
        for (const listener of this.#survivalListeners) listener(report);
      },
    });
  }

  /** What every connection beside the data needs. */
  get #beside(): Omit<BesideOptions, 'purpose' | 'work'> {
    const { clock, random, data, lookup } = this.settings;
    return { clock, random, log: this.log, data: { ...data, lookup } };
  }

  #monitor(): Monitor {
    const { ha, endpoint, clock, random } = this.settings;
    const resolver = this.#resolver ?? this.dns;
    const search = this.dns ? NAME_SEARCH : SEARCH;
    return new Monitor({
      name: this.name,
      clock,
      random,
      rule: RULES[ha.strategy],
      seeds: ha.strategy === 'sentinel' ? [] : [endpoint],
      resolvers: resolver ? [resolver] : [],
      prober: this.#prober(),
      refreshMs: ha.refreshMs,
      searchMinMs: search.minMs,
      searchMaxMs: search.maxMs,
      probeTimeoutMs: Math.min(ASK_MS, ha.dialTimeoutMs),
      resolveTimeoutMs: Math.min(ASK_MS, ha.dialTimeoutMs),
    });
  }

  #prober(): Prober {
    const { ha, data, clock } = this.settings;
    if (this.dns) return new RouteProber({ clock, ...data, name: this.dns });
    return new RedisProber({ clock, ...data, roleOptional: ha.strategy === 'single' });
  }

  #changed(change: TopologyChange): void {
    this.#promotion?.topologyChanged();
    const { previous, next } = change;
    const event = leadershipEvent(change, this.settings.clock.now());
    if (event) logLeadership(this.log, event);
    if (next.generation > previous.generation) this.hold.leave();
    for (const one of [this.#hello, this.#heartbeat, this.survey])
      one?.follow(primaryOf(next)?.endpoint, next.generation);
  }

  #held(): void {
    const { holding, why } = this.hold;
    if (holding === this.#wasHolding) return; // for one reason more, or less
    this.#wasHolding = holding;
    this.survey?.lookNow();
    if (holding) this.log.info({ event: 'hold', why }, 'writes wait');
    else this.log.info({ event: 'hold-ended' }, 'writes go on');
  }

  #breakerChanged(open: boolean): void {
    logBreaker(this.log, open);
    for (const listener of this.#breakerListeners) listener(open);
  }
}

/** What says something about the servers, and not about a caller or a setting. */
function isOutage(error: unknown): boolean {
  return isHaError(error, 'HA_NO_PRIMARY');
}
