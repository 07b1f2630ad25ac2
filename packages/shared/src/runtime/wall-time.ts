import type { Clock, Instant } from './clock.ts';

/**
 * A time between two instants as the app's own calendar has it now: to be shown, or held against times that the app wrote;
 * never reckoned with. It is as long as it was on the clock, up to the next ms, however the calendar was set meanwhile.
 */
export function datesOf(clock: Clock, from: Instant, to: Instant): { from: Date; to: Date } {
  const end = Math.round(Date.now() - (clock.now() - to));
  return { from: new Date(end - Math.ceil(to - from)), to: new Date(end) };
}
