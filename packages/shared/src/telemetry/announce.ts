import type { EventEmitter } from 'node:events';

/**
 * Emits to each listener by itself: one that throws keeps nobody else from hearing it, and cannot reach whoever announces.
 * `failed` hears of what was thrown.
 */
export function announce(
  emitter: EventEmitter,
  event: string,
  news: unknown,
  failed: (error: unknown) => void,
): void {
  // Raw ones: a `once` listener takes itself off when it is called.
  for (const listener of emitter.rawListeners(event)) {
    try {
      Reflect.apply(listener, emitter, [news]);
    } catch (error) {
      failed(error);
    }
  }
}
