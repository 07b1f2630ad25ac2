import type { Clock } from './clock.ts';

/**
 * Settles as `work` does, or rejects with `late()` after `ms`. The work itself goes on: a socket must be ended by
 * whoever owns it, which is why `late` is a function that may do so.
 */
export function within<T>(clock: Clock, ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.timer(ms, () => reject(late()));
    work.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error as Error);
      },
    );
  });
}
