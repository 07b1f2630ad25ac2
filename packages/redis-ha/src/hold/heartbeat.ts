import type { Instant } from '@steadfast/shared';

/**
 * Whether the master that is followed still reaches a replica.
 * - `unproven`: no replica has confirmed anything since it is followed. A fresh master has none for a moment, and one that
 *   never had any cannot be told from it: nothing is concluded.
 * - `confirmed`: one did, when last asked at `since`
 * - `missing`: none has for longer than allowed; what it acknowledges may be lost
 */
export type Heartbeat =
  | { readonly at: 'unproven' }
  | { readonly at: 'confirmed'; readonly since: Instant }
  | { readonly at: 'missing'; readonly since: Instant };

/** The master's own answer: how many replicas have confirmed what it was given at `askedAt`. */
export interface Beat {
  readonly askedAt: Instant;
  readonly answeredAt: Instant;
  readonly replicas: number;
}

export const UNPROVEN: Heartbeat = { at: 'unproven' };

/**
 * Pure. Only an answer counts, never the lack of one: a process that is busy itself, or a link that is slow, must not pass for
 * a master that is cut off.
 */
export function beat(state: Heartbeat, { askedAt, answeredAt, replicas }: Beat, limitMs: number): Heartbeat {
  if (replicas > 0) return { at: 'confirmed', since: askedAt };
  if (state.at !== 'confirmed' || answeredAt - state.since < limitMs) return state;
  return { at: 'missing', since: state.since };
}
