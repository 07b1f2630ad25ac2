import { HaError, wrongSetting, type Clock, type Outcome, type Timer } from '@steadfast/shared';

/** What a caller may set as the end of a call. */
export interface CallLimits {
  deadlineMs?: number;
  signal?: AbortSignal;
}

/** A timer counts to 2^31 - 1 ms, and fires at once where it is asked for more. */
const MAX_DEADLINE_MS = 2 ** 31 - 1;

/** @throws HaError HA_CONFIG where what the caller gave is no deadline or no signal */
export function checkLimits({ deadlineMs, signal }: CallLimits): void {
  if (
    deadlineMs !== undefined &&
    !(typeof deadlineMs === 'number' && deadlineMs > 0 && deadlineMs <= MAX_DEADLINE_MS)
  )
    throw wrongSetting('deadlineMs', deadlineMs, `a number of ms above 0, at most ${MAX_DEADLINE_MS}`);
  if (signal != null && !(signal instanceof EventTarget && 'aborted' in signal))
    throw wrongSetting('signal', signal, 'an AbortSignal');
}

/**
 * The end that a caller has set: a deadline, a signal, whichever comes first. It comes once; what the call does after that
 * is only to end.
 */
export class CallBound {
  readonly #limits: CallLimits;
  readonly #onEnd: () => void;
  readonly #timer: Timer | undefined;
  #reason: 'HA_DEADLINE' | 'HA_ABORTED' | undefined;

  /** @throws HaError HA_CONFIG */
  constructor(clock: Clock, limits: CallLimits, onEnd: () => void) {
    checkLimits(limits);
    const { deadlineMs, signal } = limits;
    this.#limits = limits;
    this.#onEnd = onEnd;
    if (deadlineMs !== undefined) this.#timer = clock.timer(deadlineMs, () => this.#end('HA_DEADLINE'));
    if (signal?.aborted) this.#reason = 'HA_ABORTED';
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get ended(): boolean {
    return this.#reason !== undefined;
  }

  /** The error of a call that has come to this end. */
  error(outcome: Outcome, cause?: unknown): HaError {
    const { deadlineMs, signal } = this.#limits;
    const why =
      this.#reason === 'HA_ABORTED' ? 'aborted by the caller' : `the deadline of ${deadlineMs} ms has passed`;
    const what = {
      notSent: 'nothing had been sent',
      rejected: 'nothing was applied',
      unknown: 'what was in flight may have been applied',
      committed: 'it was committed',
    }[outcome];
    return new HaError(this.#reason ?? 'HA_DEADLINE', `${why}; ${what}`, {
      outcome,
      cause: cause ?? signal?.reason,
    });
  }

  /** The call is over: the end can no longer come. */
  release(): void {
    this.#timer?.cancel();
    this.#limits.signal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#end('HA_ABORTED');

  #end(reason: 'HA_DEADLINE' | 'HA_ABORTED'): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.release();
    this.#onEnd();
  }
}
