import { endpointKey, type Instant } from '@steadfast/shared';
import type { DriverCommand } from '../commands/command.ts';
import type { Dialer } from '../dial/dialer.ts';
import type { Link } from '../dial/link.ts';
import type { DriverInternals, QueueItem } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { Settings } from '../options/settings.ts';
import { SubscriptionWatch, type Gap } from '../pubsub/subscription-watch.ts';
import { CallBack } from './call-back.ts';
import { IdlePing } from './idle-ping.ts';
import { LateAnswers } from './late-answers.ts';
import { SilenceWatch } from './silence-watch.ts';
import type { Traffic } from './traffic.ts';

export interface LinkCareOptions {
  settings: Settings;
  group: () => ReplicationGroup;
  dialer: Dialer;
  driver: DriverInternals;
  traffic: () => Traffic;
  ping: () => Promise<unknown>;
  onGap: (gap: Gap) => void;
}

/** Everything that looks after the link beside its commands, on timers of its own: silence, idleness, subscriptions, blocked commands. */
export class LinkCare {
  readonly callBack: CallBack;
  readonly #late: LateAnswers;
  readonly #silence: SilenceWatch;
  readonly #idlePing: IdlePing;
  readonly #subscription: SubscriptionWatch;

  constructor({ settings, group, dialer, driver, traffic, ping, onGap }: LinkCareOptions) {
    const { silenceMs, failoverWaitMs, blockingCheckMs } = settings.ha;
    const { clock, idlePingMs } = settings;
    this.callBack = new CallBack({ group, dialer, driver, checkMs: blockingCheckMs });
    const unproven = (items: readonly QueueItem[], link: Link): void => traffic().unproven(items, link);
    this.#late = new LateAnswers({ group, dialer, driver, unproven });
    this.#idlePing = new IdlePing({ clock, idlePingMs, dialer, mayPass: () => traffic().open, ping });
    this.#subscription = new SubscriptionWatch({
      clock,
      driver,
      keyPrefix: settings.driver.keyPrefix ?? '',
      everyMs: silenceMs,
      ping,
      generation: () => group().monitor.topology.generation,
      // What waits is in order: behind a MULTI that does, a PING would wait inside of its transaction.
      mayPing: () => traffic().ready && !traffic().transacting && traffic().waiting === 0,
      onGap,
    });
    this.#silence = new SilenceWatch({
      group,
      dialer,
      driver,
      silenceMs,
      giveUpMs: Math.max(failoverWaitMs, 2 * silenceMs),
      doubt: () => traffic().doubt(),
      trust: () => traffic().trust(),
      callBack: this.callBack,
      looked: () => this.#subscription.look(),
      closing: () => traffic().closing,
    });
  }

  /** Commands that have been answered, and whose callers have not been told. */
  get withheld(): number {
    return this.#late.size;
  }

  /** Writes are held. */
  hold(): void {
    this.callBack.hold();
    this.#late.hold();
  }

  /** ioredis has finished setting the link up, and what waited has been sent. */
  linked(): void {
    this.#subscription.linked();
    this.#silence.start();
    this.#idlePing.start();
  }

  /** The link has ended; what was in flight on it has not been settled yet. */
  unlinked(link: Link): void {
    this.#silence.stop();
    this.#idlePing.stop();
    this.callBack.reset();
    this.#subscription.unlinked(link, `the connection to ${endpointKey(link.endpoint)} ended`);
  }

  /** The client has ended. */
  ended(): void {
    this.#silence.stop();
    this.#idlePing.stop();
    this.#subscription.end();
  }

  /** When commands in flight were sent, where the link has been silent since. */
  sentAt(inFlight: readonly DriverCommand[]): ReadonlyMap<DriverCommand, Instant> {
    return this.#silence.sentAt(inFlight);
  }

  /** For how long a command had blocked, which is about to be sent again, ms. */
  takeBlockedMs(command: DriverCommand): number {
    return this.#silence.takeBlockedMs(command);
  }
}
