import type { Clock, Instant } from './clock.ts';

/** An instant as the app's own calendar has it now: to be shown, or held against times that the app wrote; never reckoned with. */
export function dateOf(clock: Clock, instant: Instant): Date {
  return new Date(Date.now() - (clock.now() - instant));
}
