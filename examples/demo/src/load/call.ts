import type { Outcome } from '@steadfast/shared';

/** What a user of the inbox does: send a message, look at a list or page, be there, be counted. */
export type CallKind = 'message' | 'read' | 'presence' | 'counter';

export const CALL_KINDS: readonly CallKind[] = ['message', 'read', 'presence', 'counter'];

/** One request that the load means to make. */
export interface Call {
  readonly kind: CallKind;
  /** a message's source id, a counter's name; empty where nothing is looked up afterwards */
  readonly key: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: object;
}

/** What a request ended as; `committed` never reaches us, a proven commit is an ordinary success. */
export type FailedOutcome = Exclude<Outcome, 'committed'>;

export type CallResult =
  /** `job`: for a message, whether the job behind it was queued too */
  | { readonly ok: true; readonly job?: 'queued' | FailedOutcome }
  | { readonly ok: false; readonly outcome: FailedOutcome; readonly code: string };

/** A request that ended, with times in ms on the monotonic clock. */
export interface CallRecord {
  readonly kind: CallKind;
  readonly key: string;
  /** when the request was due: latency counts from here, also where sending it was late */
  readonly dueAt: number;
  readonly endedAt: number;
  readonly result: CallResult;
}

export function latencyMs(record: CallRecord): number {
  return record.endedAt - record.dueAt;
}
