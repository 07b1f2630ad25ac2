import { datesOf, type Clock, type Instant } from '@steadfast/shared';
import { DeliveryQueue } from './delivery-queue.ts';

/** A notification as it came. */
export interface Notification {
  readonly channel: string;
  readonly payload: string;
  /** the server process that sent it */
  readonly processId: number;
}

/** A time in which notifications may have been missed, by the app's clock. */
export interface Gap {
  readonly channel: string;
  /** what was sent before this was delivered */
  readonly from: Date;
  /** what is sent after this will be */
  readonly to: Date;
  /** `reconnected`: the connection was lost and made anew; `overflow`: the handler was too slow for what came */
  readonly reason: 'reconnected' | 'overflow';
  /** in words: which connection was lost and why, or how many were dropped */
  readonly detail: string;
}

/** @returns nothing, or a promise: the next notification is delivered when it has settled */
export type NotificationHandler = (payload: string, notification: Notification) => unknown;

export interface ListenOptions {
  /** told in its place among the notifications; whoever needs them all looks again here at what they are about */
  onGap?: (gap: Gap) => unknown;
  /** notifications that may wait for the handler, at least 1 (default 10,000) */
  maxQueued?: number;
  /** how long to wait for the first LISTEN, ms (default `failoverWaitMs`) */
  deadlineMs?: number;
}

/** What `pool.listen` gives. */
export interface Listening {
  readonly channel: string;
  /** Hears no more; resolves when the server knows. */
  close(): Promise<void>;
}

export interface SubscriptionParts {
  clock: Clock;
  channel: string;
  handler: NotificationHandler;
  options: ListenOptions;
  told: (gap: Gap) => void;
  failed: (error: unknown) => void;
}

/** One handler on one channel. */
export class Subscription {
  readonly channel: string;
  readonly #parts: SubscriptionParts;
  readonly #queue: DeliveryQueue<Notification>;
  /** when it was first heard by the server; no gap begins before */
  #since: Instant | undefined;

  constructor(parts: SubscriptionParts) {
    const { clock, channel, handler, options, failed } = parts;
    this.channel = channel;
    this.#parts = parts;
    this.#queue = new DeliveryQueue({
      clock,
      limit: options.maxQueued ?? 10_000,
      deliver: (notification) => handler(notification.payload, notification),
      dropped: (count, from, to) => this.#tell(from, to, 'overflow', `${count} notifications were dropped`),
      failed,
    });
  }

  get established(): boolean {
    return this.#since !== undefined;
  }

  /** The server hears of it for the first time, by a statement sent at `at`. */
  establish(at: Instant): void {
    this.#since ??= at;
  }

  notify(notification: Notification): void {
    this.#queue.push(notification);
  }

  /** The server hears of it again; between the two times it did not. */
  missed(from: Instant, to: Instant, detail: string): void {
    const since = Math.max(from, this.#since ?? from);
    this.#queue.step(() => this.#tell(since, to, 'reconnected', detail));
  }

  close(): void {
    this.#queue.close();
  }

  #tell(from: Instant, to: Instant, reason: Gap['reason'], detail: string): unknown {
    const { clock, channel, options, told } = this.#parts;
    const gap: Gap = { channel, ...datesOf(clock, from, to), reason, detail };
    told(gap);
    return options.onGap?.(gap);
  }
}
