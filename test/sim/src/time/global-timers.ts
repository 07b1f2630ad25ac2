import type { Clock, Timer } from '@steadfast/shared';

/** What opossum holds of a timer. */
interface Handle extends Timer {
  unref(): void;
}

const NAMES = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;

/**
 * Puts the timers and the calendar of this whole process on `clock`, and returns the way back. The circuit breaker is
 * opossum, which knows no clock but the global one; nothing else here uses it.
 */
export function useSimulatedTimers(clock: Clock): () => void {
  const real = Object.fromEntries(NAMES.map((name) => [name, globalThis[name]]));
  const { now } = Date;
  const handle = (timer: Timer): Handle => ({ cancel: () => timer.cancel(), unref: () => undefined });
  const stop = (timer: Handle | undefined): void => timer?.cancel();
  const every = (fn: () => void, ms: number): Handle => {
    let timer: Timer;
    const again = (): void => {
      timer = clock.timer(ms, () => {
        again();
        fn();
      });
    };
    again();
    return { cancel: () => timer.cancel(), unref: () => undefined };
  };
  Object.assign(globalThis, {
    setTimeout: (fn: () => void, ms = 0) => handle(clock.timer(ms, fn)),
    clearTimeout: stop,
    setInterval: every,
    clearInterval: stop,
  });
  Date.now = () => Math.floor(clock.now());
  return () => {
    Object.assign(globalThis, real);
    Date.now = now;
  };
}
