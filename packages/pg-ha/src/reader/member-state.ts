import {
  backoffMs,
  type BackoffOptions,
  type Endpoint,
  type Epoch,
  type HaError,
  type Instant,
  type Random,
} from '@steadfast/shared';
import type { Standing } from './standing.ts';

/**
 * One member as reads see it.
 * - `unasked`: nothing is known yet; it gets no work.
 * - `answering`: its last answer, and under which epoch of the cluster it was asked for.
 * - `ejected`: it could not be reached, or must not be used; it gets no work, and is looked at again from `until` on. Only a
 *   look brings it back: no caller ever waits for a dead member to be tried.
 */
export type MemberState =
  | { readonly at: 'unasked' }
  | {
      readonly at: 'answering';
      readonly standing: Standing;
      readonly epoch: Epoch | undefined;
      /** how far it had the log when it was first seen to receive it under this epoch; Infinity: not seen yet */
      readonly firstReceived: number;
    }
  | {
      readonly at: 'ejected';
      readonly error: HaError;
      readonly failures: number;
      readonly since: Instant;
      readonly until: Instant;
    };

export interface ReadMember {
  readonly endpoint: Endpoint;
  readonly state: MemberState;
}

/** Pauses before a member that failed is looked at again. */
export const EJECTION: BackoffOptions = { minMs: 250, maxMs: 5_000 };

/** Pure: the member has answered a question that was put while the cluster's epoch was `epoch`. */
export function answered(before: MemberState, standing: Standing, epoch: Epoch | undefined): MemberState {
  const first = before.at === 'answering' && before.epoch === epoch ? before.firstReceived : Infinity;
  // Before anybody sends it more a standby replays what it has itself, which proves nothing.
  const firstReceived = first === Infinity && standing.receives ? standing.received : first;
  return { at: 'answering', standing, epoch, firstReceived };
}

/** Pure but for the jitter: the member could not be reached, or may not be used. */
export function failed(
  before: MemberState,
  error: HaError,
  now: Instant,
  random: Random,
  pauses: BackoffOptions = EJECTION,
): MemberState {
  const failures = before.at === 'ejected' ? before.failures + 1 : 1;
  return {
    at: 'ejected',
    error,
    failures,
    since: now,
    until: now + backoffMs(pauses, failures - 1, random),
  };
}

/**
 * Pure: whether a standby is known to be on the way of the primary of `epoch`, so that its position means something. After a
 * failover that lost writes a standby may hold what no longer counts, at positions that look up to date. Proof is, in turn:
 * no failover has ever happened, or none that we know of; it says itself what it is sent, or that it has replayed the new
 * timeline; where it may not say what it is sent: it has replayed more than it had when it was first seen to receive under
 * this epoch, and more than any other server could have sent it.
 * @param others the states of all members beside it and the primary that is followed
 */
export function follows(
  state: MemberState,
  epoch: Epoch | undefined,
  others: () => readonly MemberState[],
): boolean {
  if (state.at !== 'answering') return false;
  if (epoch === undefined || epoch === 1) return true;
  if (state.epoch !== epoch) return false; // asked before the change
  const { standing, firstReceived } = state;
  const shown = shows(standing, epoch);
  if (shown !== undefined) return shown;
  if (!standing.receives || standing.position <= firstReceived) return false;
  return others().every((other) => standing.position > sends(other, epoch));
}

/** Whether a standby says that it is on this timeline; undefined where it may not say. */
function shows({ receivedTimeline, replayedTimeline = 0 }: Standing, epoch: Epoch): boolean | undefined {
  if (replayedTimeline >= epoch) return true;
  return receivedTimeline === undefined ? undefined : receivedTimeline >= epoch;
}

/**
 * How far the log of a timeline that has ended may go which a server sends to standbys of its own: an old primary that lives on
 * writes ever more of it, a standby has what it had. What one has got under this epoch is the new primary's.
 */
function sends(other: MemberState, epoch: Epoch): number {
  if (other.at !== 'answering') return 0;
  const { standing, firstReceived } = other;
  if (standing.role === 'primary') return Infinity;
  if (other.epoch === epoch && shows(standing, epoch) === true) return 0;
  return other.epoch === epoch ? Math.min(firstReceived, standing.received) : standing.received;
}
