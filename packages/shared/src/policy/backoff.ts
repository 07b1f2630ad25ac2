import type { Random } from '../runtime/random.ts';

export interface BackoffOptions {
  /** first delay, ms */
  minMs: number;
  /** longest delay before jitter, ms */
  maxMs: number;
  /** growth per attempt (default 2) */
  factor?: number;
  /** share of the delay that is random, 0 to 1 (default 0.5): 0.5 gives 75 % to 125 % of it */
  jitter?: number;
}

/**
 * How long to wait before attempt `attempt` (0 = first repeat). Grows exponentially up to `maxMs`, spread by jitter so that
 * many processes do not fall into step.
 */
export function backoffMs(options: BackoffOptions, attempt: number, random: Random): number {
  const { minMs, maxMs, factor = 2, jitter = 0.5 } = options;
  const base = Math.min(maxMs, minMs * factor ** Math.min(attempt, 64));
  return base * (1 - jitter / 2 + jitter * random.next());
}
