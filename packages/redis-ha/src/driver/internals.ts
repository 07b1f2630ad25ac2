import { Redis } from 'ioredis';
import type { DriverCommand } from '../commands/command.ts';

/** One entry of ioredis's queues. */
export interface QueueItem {
  readonly command: DriverCommand;
  /** the database that it is meant for */
  readonly select: number;
  /** the pipeline that it is written with */
  readonly stream?: unknown;
}

interface Deque<T> {
  readonly length: number;
  shift(): T | undefined;
  pop(): T | undefined;
  peekFront(): T | undefined;
  peekBack(): T | undefined;
  toArray(): T[];
}

/** What a connection is subscribed to. */
export interface Subscriptions {
  channels(kind: 'subscribe' | 'psubscribe' | 'ssubscribe'): string[];
}

/**
 * What is used of ioredis beyond its documented surface, in one place. The same in 5.8 and 6.0; the suites run both.
 * https://github.com/redis/ioredis/blob/main/lib/Redis.ts
 */
export interface DriverInternals {
  readonly status: string;
  readonly commandQueue: Deque<QueueItem>;
  readonly offlineQueue: Deque<QueueItem>;
  readonly condition: { select: number; readonly subscriber: Subscriptions | false } | null | undefined;
  /** what `defineCommand` has defined */
  readonly scriptsSet: Readonly<Record<string, { readonly lua: string } | undefined>>;
  manuallyClosing: boolean;
  setStatus(status: string, arg?: unknown): void;
}

export function internalsOf(redis: Redis): DriverInternals {
  return redis as unknown as DriverInternals;
}

/**
 * Hears every change of status at once. An event listener would hear it a tick late, and would be gone after the app's
 * `removeAllListeners()`.
 */
export function watchStatus(redis: Redis, listener: (status: string) => void): void {
  const original = internalsOf(redis).setStatus.bind(redis);
  Object.defineProperty(redis, 'setStatus', {
    value(status: string, arg?: unknown): void {
      original(status, arg);
      listener(status);
    },
    configurable: true,
    writable: true,
  });
}

/** Ends a connection as ioredis does, in any state: between two it has nothing to close, and would never say that it has ended. */
export function endNow(redis: Redis): void {
  const { status } = redis;
  if (status === 'end') return;
  Redis.prototype.disconnect.call(redis);
  if (status !== 'reconnecting') return;
  const driver = internalsOf(redis);
  driver.manuallyClosing = false;
  driver.setStatus('end');
}

/** Empties a queue. */
export function drain(queue: Deque<QueueItem>): QueueItem[] {
  const items: QueueItem[] = [];
  for (let item = queue.shift(); item; item = queue.shift()) items.push(item);
  return items;
}

/** What ioredis itself sends to set a connection up, before it is ready. */
const HANDSHAKE = new Set(['auth', 'hello', 'select', 'client', 'readonly', 'info']);

export function isHandshake(command: DriverCommand): boolean {
  return HANDSHAKE.has(command.name) && command.pipelineIndex === undefined;
}

const SUBSCRIBING = new Set(['subscribe', 'psubscribe', 'ssubscribe']);

export function isSubscribe(command: DriverCommand): boolean {
  return SUBSCRIBING.has(command.name);
}
