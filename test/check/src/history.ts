/**
 * A history: what the callers of one client process saw, an event a line. A call begins with `invoke` and ends with `ok`,
 * `fail` (it said that nothing was applied) or `unknown` (it may have been applied); one without an end is still open.
 */
export type HistoryEvent =
  | {
      readonly event: 'invoke';
      /** unique in its history */
      readonly id: string;
      /** ns on the machine's monotonic clock */
      readonly at: number;
      readonly writer: number;
      /** what kind of work: 'insert', 'incr' … */
      readonly kind: string;
      /** how long the call may take by its own word; absent where it has no deadline */
      readonly deadlineMs?: number;
    }
  | { readonly event: 'ok'; readonly id: string; readonly at: number; readonly epoch?: number }
  | { readonly event: 'fail' | 'unknown'; readonly id: string; readonly at: number; readonly error: string };

/** A call, whole. Times are ns on the monotonic clock. */
export interface Call {
  readonly id: string;
  readonly writer: number;
  readonly kind: string;
  readonly deadlineMs: number | undefined;
  readonly began: number;
  readonly end: CallEnd;
}

export type CallEnd =
  | { readonly as: 'ok'; readonly at: number; readonly epoch: number | undefined }
  | { readonly as: 'fail' | 'unknown'; readonly at: number; readonly error: string }
  | { readonly as: 'open' };

export const NS_PER_MS = 1_000_000;

/** Reads a history file. A last line that was cut off, as in a process that was killed, is left out. */
export function parseHistory(text: string): HistoryEvent[] {
  const lines = text.split('\n');
  const cut = lines.pop();
  const events = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as HistoryEvent);
  if (cut === undefined || cut === '') return events;
  try {
    return [...events, JSON.parse(cut) as HistoryEvent];
  } catch {
    return events;
  }
}

/**
 * The calls of a history, in the order in which they began.
 * @throws where it is no history: an end without a beginning, two ends, two calls of one id
 */
export function callsOf(history: readonly HistoryEvent[]): Call[] {
  const calls = new Map<string, { -readonly [K in keyof Call]: Call[K] }>();
  for (const each of history) {
    const call = calls.get(each.id);
    if (each.event === 'invoke') {
      if (call) throw new Error(`call ${each.id} begins twice`);
      const { id, writer, kind, at, deadlineMs } = each;
      calls.set(id, { id, writer, kind, deadlineMs, began: at, end: { as: 'open' } });
      continue;
    }
    if (!call) throw new Error(`call ${each.id} ends and never began`);
    if (call.end.as !== 'open') throw new Error(`call ${each.id} ends twice`);
    call.end =
      each.event === 'ok'
        ? { as: 'ok', at: each.at, epoch: each.epoch }
        : { as: each.event, at: each.at, error: each.error };
  }
  return [...calls.values()];
}

export function toMs(ns: number): number {
  return ns / NS_PER_MS;
}
