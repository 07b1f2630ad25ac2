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
      /** what it sets out to do, for checkers that have to know it of calls that fail, too */
      readonly intent?: unknown;
    }
  | {
      readonly event: 'ok';
      readonly id: string;
      readonly at: number;
      readonly epoch?: number;
      /** when its write was acknowledged, where it went on to read, ns */
      readonly wroteAt?: number;
      /** what it came to: what was read, as a rule */
      readonly value?: unknown;
    }
  | { readonly event: 'fail' | 'unknown'; readonly id: string; readonly at: number; readonly error: string };

/** What the process measured of itself, now and then, beside its calls. */
export interface Sample {
  readonly event: 'sample';
  /** ns on the machine's monotonic clock */
  readonly at: number;
  readonly values: Readonly<Record<string, number>>;
}

export type HistoryLine = HistoryEvent | Sample;

/** A call, whole. Times are ns on the monotonic clock. */
export interface Call {
  readonly id: string;
  readonly writer: number;
  readonly kind: string;
  readonly deadlineMs: number | undefined;
  readonly intent?: unknown;
  readonly began: number;
  readonly end: CallEnd;
}

export type CallEnd =
  | {
      readonly as: 'ok';
      readonly at: number;
      readonly wroteAt?: number;
      readonly epoch: number | undefined;
      readonly value?: unknown;
    }
  | { readonly as: 'fail' | 'unknown'; readonly at: number; readonly error: string }
  | { readonly as: 'open' };

export const NS_PER_MS = 1_000_000;

/** Reads a history file. A last line that was cut off, as in a process that was killed, is left out. */
export function parseHistory(text: string): HistoryLine[] {
  const lines = text.split('\n');
  const cut = lines.pop();
  const events = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as HistoryLine);
  if (cut === undefined || cut === '') return events;
  try {
    return [...events, JSON.parse(cut) as HistoryLine];
  } catch {
    return events;
  }
}

/**
 * The calls of a history, in the order in which they began.
 * @throws where it is no history: an end without a beginning, two ends, two calls of one id
 */
export function callsOf(history: readonly HistoryLine[]): Call[] {
  const calls = new Map<string, { -readonly [K in keyof Call]: Call[K] }>();
  for (const each of history) {
    if (each.event === 'sample') continue;
    const call = calls.get(each.id);
    if (each.event === 'invoke') {
      if (call) throw new Error(`call ${each.id} begins twice`);
      const { id, writer, kind, at, deadlineMs, intent } = each;
      const began = { id, writer, kind, deadlineMs, began: at, end: { as: 'open' } } as const;
      calls.set(id, intent === undefined ? began : { ...began, intent });
      continue;
    }
    if (!call) throw new Error(`call ${each.id} ends and never began`);
    if (call.end.as !== 'open') throw new Error(`call ${each.id} ends twice`);
    call.end =
      each.event === 'ok'
        ? {
            as: 'ok',
            at: each.at,
            epoch: each.epoch,
            ...(each.wroteAt !== undefined && { wroteAt: each.wroteAt }),
            ...('value' in each && { value: each.value }),
          }
        : { as: each.event, at: each.at, error: each.error };
  }
  return [...calls.values()];
}

export function samplesOf(history: readonly HistoryLine[]): Sample[] {
  return history.filter((each) => each.event === 'sample');
}

export function toMs(ns: number): number {
  return ns / NS_PER_MS;
}
