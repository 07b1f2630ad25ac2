import type { Clock } from './clock.ts';

/** Resolves after `ms`, or at once when `signal` aborts; it never rejects: the caller looks at the signal. */
export function sleep(
  clock: Clock,
  ms: number,
  options: { signal?: AbortSignal | undefined; background?: boolean } = {},
): Promise<void> {
  const { signal, background } = options;
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.timer(ms, done, { background: background ?? false });
    signal?.addEventListener('abort', done, { once: true });
  });
}
