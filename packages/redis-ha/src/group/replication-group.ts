import {
  createLogger,
  DialPacer,
  endpointKey,
  isHaError,
  Monitor,
  opossumBreaker,
  primaryOf,
  RetryBudget,
  type Breaker,
  type HaLogger,
  type Seat,
  type TopologyChange,
} from '@steadfast/shared';
import { RedisProber } from '../discovery/redis-prober.ts';
import { SentinelResolver } from '../discovery/sentinel-resolver.ts';
import { HoldGate } from '../hold/hold-gate.ts';
import type { Settings } from '../options/settings.ts';
import { PromotionWatch } from '../promotion/promotion-watch.ts';
import { SideLine } from './side-line.ts';

/** First and longest pause between two rounds while there is no primary. */
const SEARCH = { minMs: 25, maxMs: 250 };
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
  readonly log: HaLogger;
  readonly #resolver: SentinelResolver | undefined;
  readonly #promotion: PromotionWatch | undefined;

  constructor(settings: Settings) {
    const { ha, clock, random } = settings;
    this.settings = settings;
    this.name = ha.strategy === 'sentinel' ? `the master ${ha.name}` : endpointKey(settings.endpoint);
    this.log = createLogger('redis-ha', ha.logLevel, settings.logger);
    this.breaker = opossumBreaker({ name: this.name, threshold: 100, resetMs: 5_000, counts: isOutage });
    this.budget = new RetryBudget(clock, { capacity: ha.maxWaiting, perSecond: ha.maxWaiting / 10 });
    this.pacer = new DialPacer(clock, random, { concurrency: 4 });
    this.side = new SideLine({ clock, ...settings.data, timeoutMs: ha.dialTimeoutMs });
    const primary = (): string | undefined => this.primary;
    this.hold = new HoldGate({ clock, enabled: ha.hold, maxMs: ha.holdMaxMs, primary });
    this.#resolver = ha.strategy === 'sentinel' ? this.#sentinels() : undefined;
    this.#promotion =
      ha.follow === 'promoted' && this.#resolver ? this.#promotions(this.#resolver) : undefined;
    this.#loop = this.#monitor();
    this.monitor = this.#loop.seat({ clock, breaker: this.breaker, maxWaiting: ha.maxWaiting });
    this.monitor.onChange((change) => this.#changed(change));
  }

  /** host:port of the primary that is followed, where there is one. */
  get primary(): string | undefined {
    const primary = primaryOf(this.monitor.topology);
    return primary && endpointKey(primary.endpoint);
  }

  async close(): Promise<void> {
    this.hold.close();
    await this.#promotion?.close();
    this.side.close();
    await this.#loop.close();
  }

  #sentinels(): SentinelResolver {
    const { ha, sentinels, sentinel, clock, random } = this.settings;
    return new SentinelResolver({
      ...sentinel,
      clock,
      random,
      seeds: sentinels,
      master: ha.name,
      onEvent: (event, by) => {
        this.log.info({ step: event.step, event: event.is, by }, 'a sentinel has published');
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

  #monitor(): Monitor {
    const { ha, endpoint, data, clock, random } = this.settings;
    const single = ha.strategy === 'single';
    return new Monitor({
      name: this.name,
      clock,
      random,
      rule: single ? 'self' : 'nominated',
      seeds: single ? [endpoint] : [],
      resolvers: this.#resolver ? [this.#resolver] : [],
      prober: new RedisProber({ clock, ...data, roleOptional: single }),
      refreshMs: ha.refreshMs,
      searchMinMs: SEARCH.minMs,
      searchMaxMs: SEARCH.maxMs,
      probeTimeoutMs: Math.min(ASK_MS, ha.dialTimeoutMs),
      resolveTimeoutMs: Math.min(ASK_MS, ha.dialTimeoutMs),
    });
  }

  #changed({ previous, next, reason }: TopologyChange): void {
    this.#promotion?.topologyChanged();
    const [before, after] = [primaryOf(previous), primaryOf(next)];
    if (next.generation > previous.generation) this.hold.leave();
    if (before !== after) {
      const name = (one: typeof before): string | undefined => one && endpointKey(one.endpoint);
      this.log.info(
        { from: name(before), to: name(after), generation: next.generation, reason },
        'the primary has changed',
      );
    }
  }
}

/** What says something about the servers, and not about a caller or a setting. */
function isOutage(error: unknown): boolean {
  return isHaError(error, 'HA_NO_PRIMARY');
}
