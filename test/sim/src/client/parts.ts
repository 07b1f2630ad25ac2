import {
  decideRetry,
  DialPacer,
  opossumBreaker,
  pick,
  whyNotPrimary,
  type Breaker,
  type BreakerOptions,
  type Clock,
  type DialPacerOptions,
  type MonitorOptions,
  type Random,
  type Seat,
} from '@steadfast/shared';
import type { CallOptions } from './call.ts';

/** What runs a dial when its turn comes. */
export type Pacer = Pick<DialPacer, 'run'>;

/**
 * What the client under test is made of. The real parts of `shared`; a mutant replaces one, to show that the checks would
 * notice.
 */
export interface Parts {
  readonly pick: typeof pick;
  readonly decideRetry: typeof decideRetry;
  readonly pacer: (clock: Clock, random: Random, options: DialPacerOptions) => Pacer;
  readonly breaker: (options: BreakerOptions) => Breaker;
  readonly monitorOptions: (options: MonitorOptions) => MonitorOptions;
  readonly suspect: (seat: Seat, reason: string) => void;
  /** a server's own answer is held against what is known before it gets any work */
  readonly admits: typeof whyNotPrimary;
  /** what is said of a statement that was in flight when its link ended */
  readonly lostOutcome: 'unknown' | 'notSent';
  /** a lost COMMIT is resolved by a claim, or by one that never succeeds, or is taken for one or the other */
  readonly resolves: 'by claim' | 'in vain' | 'as committed' | 'as lost';
  /** whether the caller hears of the end of this call */
  readonly tells: (call: CallOptions) => boolean;
  /** waits end so much later than asked for, ms */
  readonly lateMs: number;
  readonly maxWaiting: (limit: number) => number;
  /** ends its own timers when it is closed */
  readonly tidy: boolean;
}

export const REAL_PARTS: Parts = {
  pick,
  decideRetry,
  pacer: (clock, random, options) => new DialPacer(clock, random, options),
  breaker: opossumBreaker,
  monitorOptions: (options) => options,
  suspect: (seat, reason) => seat.suspect(reason),
  admits: whyNotPrimary,
  lostOutcome: 'unknown',
  resolves: 'by claim',
  tells: () => true,
  lateMs: 0,
  maxWaiting: (limit) => limit,
  tidy: true,
};
