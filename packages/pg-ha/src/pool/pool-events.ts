import type { HaEvents } from '@steadfast/shared';
import type { Gap } from '../listen/subscription.ts';

/** What a pool tells beside pg.Pool's own events. */
export interface PoolEvents extends HaEvents {
  /** notifications may have been missed */
  gap: Gap;
  superseded: Superseded;
}

/** A read asked for what a token of an older timeline names. It was answered with what is left of that: all, if no write was lost. */
export interface Superseded {
  readonly token: string;
  /** the token's */
  readonly timeline: number;
  /** the primary's now */
  readonly current: number;
}

/** Tells those who listen; one that throws disturbs nobody. */
export type Tell = <E extends keyof PoolEvents>(event: E, news: PoolEvents[E]) => void;
