import {
  claimName,
  clusterRows,
  endpointKey,
  meterOf,
  observe,
  Reporter,
  type Attributes,
  type HaEvents,
  type HistogramLike,
  type MeterLike,
  type ObservedRow,
  type Primary,
} from '@steadfast/shared';
import type { EventEmitter } from 'node:events';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { HoldGate } from '../hold/hold-gate.ts';
import type { Settings } from '../options/settings.ts';
import type { Gap } from '../pubsub/subscription-watch.ts';
import type { SurvivalReport } from '../survival/survey.ts';
import { dialChannel, topologyChannel } from './channels.ts';
import type { CommandStory } from './command-story.ts';

/** Writes have begun to wait (for an announced failover, or for replicas), or go on. */
export interface HoldChange {
  readonly holding: boolean;
  /** why they wait */
  readonly why?: string;
  /** for how long they waited, ms, when they go on */
  readonly heldMs?: number;
}

export interface ClientTelemetryOptions {
  client: EventEmitter;
  settings: Settings;
  story: CommandStory;
  /** commands that wait on this client */
  waiting: () => number;
  /** whether its connection stands */
  linked: () => boolean;
}

/** Everything that one client tells of itself: events, diagnostics channels, metrics. The group writes the log, once for all. */
export class ClientTelemetry {
  readonly #options: ClientTelemetryOptions;
  readonly #meter: MeterLike | undefined;
  readonly #createTime: HistogramLike | undefined;
  #reporter: Reporter | undefined;
  #attributes: Attributes = {};
  #held = { count: 0, ms: 0, since: undefined as number | undefined };
  #stop: () => void = () => undefined;

  /** @throws HaError HA_CONFIG where `metrics` is no meter */
  constructor(options: ClientTelemetryOptions) {
    this.#options = options;
    this.#meter = meterOf(options.settings.metrics, '@steadfast/redis-ha');
    this.#createTime = this.#meter?.createHistogram('db.client.connection.create_time', {
      unit: 's',
      description: 'the time to open and verify a connection',
      advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
    });
  }

  /** The client watches its group from now on. */
  start(group: ReplicationGroup): void {
    const { client, settings } = this.#options;
    this.#reporter ??= new Reporter({
      clock: settings.clock,
      emitter: client,
      channel: topologyChannel,
      log: group.log,
      logsChanges: false,
    });
    const { counts } = this.#reporter;
    if (this.#meter) this.#measure(this.#meter, this.#rows(group, counts));
  }

  stop(): void {
    this.#stop();
    this.#stop = () => undefined;
  }

  topologyChanged(change: HaEvents['topology']): void {
    this.#reporter?.topologyChanged(change);
  }

  breakerChanged(open: boolean): void {
    this.#reporter?.breakerChanged(open);
  }

  holdChanged({ holding, why }: Pick<HoldGate, 'holding' | 'why'>): void {
    const { clock } = this.#options.settings;
    const { since } = this.#held;
    if (holding === (since !== undefined)) return; // for one reason more, or less
    if (holding) {
      this.#held.count += 1;
      this.#held.since = clock.now();
      return this.#reporter?.emit('hold', { holding, why } satisfies HoldChange);
    }
    const heldMs = clock.now() - (since ?? clock.now());
    this.#held.ms += heldMs;
    this.#held.since = undefined;
    this.#reporter?.emit('hold', { holding, heldMs } satisfies HoldChange);
  }

  survived(report: SurvivalReport): void {
    this.#reporter?.emit('survival', report);
  }

  missed(gap: Gap): void {
    this.#reporter?.emit('gap', gap);
  }

  /** A connection to the primary is dialled. */
  async dial<T>({ endpoint }: Primary, dial: () => Promise<T>): Promise<T> {
    const { clock } = this.#options.settings;
    const since = clock.now();
    const traced = dialChannel.hasSubscribers
      ? dialChannel.tracePromise(dial, { member: endpointKey(endpoint) })
      : dial();
    const link = await traced;
    this.#createTime?.record((clock.now() - since) / 1000, this.#attributes);
    return link;
  }

  #measure(meter: MeterLike, rows: readonly ObservedRow[]): void {
    const { driver, ha, endpoint } = this.#options.settings;
    const where = ha.strategy === 'sentinel' ? ha.name : endpointKey(endpoint);
    const claim = claimName(meter, driver.connectionName ?? `${where}/${driver.db ?? 0}`);
    this.#attributes = { 'db.client.connection.pool.name': claim.name };
    const stop = observe(meter, rows, this.#attributes);
    this.#stop = () => {
      stop();
      claim.release();
    };
  }

  #rows(group: ReplicationGroup, counts: Reporter['counts']): ObservedRow[] {
    const { story, waiting, linked } = this.#options;
    return [
      ...clusterRows({
        topology: () => group.monitor.topology,
        counts,
        retries: () => story.retries,
        waiting,
        breakerOpen: () => group.breaker.open,
      }),
      {
        name: 'db.client.connection.count',
        kind: 'upDownCounter',
        unit: '{connection}',
        description: 'connections to the primary that are ready',
        read: () => [[linked() ? 1 : 0, { 'db.client.connection.state': 'used' }]],
      },
      {
        name: 'db.client.connection.timeouts',
        kind: 'counter',
        unit: '{timeout}',
        description: 'commands whose deadline came while they waited',
        read: () => story.expiries,
      },
      {
        name: 'steadfast.holds',
        kind: 'counter',
        unit: '{hold}',
        description: 'times that writes were held',
        read: () => this.#held.count,
      },
      {
        name: 'steadfast.hold.time',
        kind: 'counter',
        unit: 's',
        description: 'time for which writes were held, holds that have ended',
        read: () => this.#held.ms / 1000,
      },
    ];
  }
}
