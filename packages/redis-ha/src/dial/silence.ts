import type { Instant } from '@steadfast/shared';

/**
 * A link with work in flight and not a byte coming.
 * - `flowing`: bytes come, or nothing is asked; last seen so at `since`
 * - `quiet`: none since `since`
 * - `suspected`: the primary is being looked at since `suspectedAt`
 */
export type Silence =
  | { readonly at: 'flowing'; readonly bytes: number; readonly since: Instant; readonly busy: boolean }
  | { readonly at: 'quiet'; readonly bytes: number; readonly since: Instant }
  | {
      readonly at: 'suspected';
      readonly bytes: number;
      readonly since: Instant;
      readonly suspectedAt: Instant;
    };

export interface Sample {
  readonly now: Instant;
  /** bytes received on the link so far */
  readonly bytes: number;
  /** something is in flight that should be answered soon (a BLPOP need not be) */
  readonly busy: boolean;
  /** when the primary was last asked and said that it is one, on another connection */
  readonly confirmedAt: Instant;
  /** nobody can be reached */
  readonly searching: boolean;
}

export interface SilenceOptions {
  readonly silenceMs: number;
  /** no command is kept in flight for longer than this where nobody can be reached */
  readonly giveUpMs: number;
}

/** `trust`: one that was suspected has spoken again */
export type Act = 'none' | 'suspect' | 'trust' | 'cut';

/**
 * Pure. Silence alone never cuts a link, since a slow command is no failure: it is cut where the primary proves alive on
 * another connection while this one stays silent for as long again, or where nobody is reached until the deadline, or nobody
 * who knows (behind a name, a replica).
 */
export function watch(state: Silence, sample: Sample, options: SilenceOptions): { next: Silence; act: Act } {
  const { now, bytes, busy } = sample;
  if (!busy || bytes !== state.bytes)
    return {
      next: { at: 'flowing', bytes, since: now, busy },
      act: state.at === 'suspected' ? 'trust' : 'none',
    };
  switch (state.at) {
    case 'flowing':
      // Where something was asked at the last look already, the silence began then at the latest.
      return { next: { at: 'quiet', bytes, since: state.busy ? state.since : now }, act: 'none' };
    case 'quiet':
      return now - state.since < options.silenceMs
        ? { next: state, act: 'none' }
        : { next: { at: 'suspected', bytes, since: state.since, suspectedAt: now }, act: 'suspect' };
    case 'suspected': {
      const suspectedMs = now - state.suspectedAt;
      const confirmed = sample.confirmedAt > state.suspectedAt;
      const halfOpen = confirmed && suspectedMs >= options.silenceMs;
      const hopeless = sample.searching && now - state.since >= options.giveUpMs;
      const unheard = !confirmed && suspectedMs >= options.giveUpMs;
      return { next: state, act: halfOpen || hopeless || unheard ? 'cut' : 'none' };
    }
  }
}
