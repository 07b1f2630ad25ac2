import { setTimeout as delay } from 'node:timers/promises';

/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts; the work itself goes on. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Waits, and rejects with the signal's reason where it aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return abortable(delay(ms), signal);
}
