import { latencyMs, type CallRecord } from '../load/call.ts';
import type { Phase } from './phase.ts';
import type { Database, ServerWindow } from './server-window.ts';

/** What the app's users felt of one change of primary. */
export interface ClientWindow {
  /** when the first write was due that failed or had to wait */
  readonly firstAffectedAt: number;
  /** the first acknowledged write after the new primary took writes; undefined where there was none */
  readonly firstAckAt: number | undefined;
}

/** A wait below this is not told apart from the noise of a busy machine. */
const NOISE_MS = 20;

/** The median latency of successful writes before the fault: what 'normal' means in this run. */
export function normalLatencyMs(writes: readonly CallRecord[], phase: Phase): number {
  const quiet = writes
    .filter((write) => write.result.ok && write.endedAt > phase.from && write.endedAt <= phase.faultAt)
    .map(latencyMs)
    .sort((a, b) => a - b);
  return quiet[Math.floor(quiet.length / 2)] ?? 0;
}

/** Undefined where no write failed or waited more than four times as long as normal. */
export function clientWindow(
  writes: readonly CallRecord[],
  phase: Phase,
  server: ServerWindow,
): ClientWindow | undefined {
  const waitMs = Math.max(NOISE_MS, 4 * normalLatencyMs(writes, phase));
  const opensAt = Math.min(server.lastWriteAt ?? server.writableAt, server.writableAt);
  const closesAt = Math.max(server.lastWriteAt ?? server.writableAt, server.writableAt);
  const affected = writes.filter((write) => {
    if (write.endedAt < phase.faultAt || write.dueAt > phase.until) return false;
    if (!write.result.ok) return true;
    // A hiccup elsewhere in the phase is no part of the outage: only a wait that reaches into it is.
    return latencyMs(write) > waitMs && write.endedAt >= opensAt && write.dueAt <= closesAt;
  });
  if (affected.length === 0) return undefined;
  return {
    firstAffectedAt: earliest(affected.map((write) => write.dueAt)) ?? phase.faultAt,
    firstAckAt: firstAck(affected, server.promotedAt) ?? firstAck(writes, server.promotedAt),
  };
}

/**
 * The writes that waited come first: where the old primary still answers beside the new one, a quick answer may be its.
 */
function firstAck(writes: readonly CallRecord[], since: number): number | undefined {
  return earliest(
    writes.filter((write) => write.result.ok && write.endedAt >= since).map((write) => write.endedAt),
  );
}

function earliest(instants: readonly number[]): number | undefined {
  return instants.reduce<number | undefined>(
    (first, at) => (first === undefined || at < first ? at : first),
    undefined,
  );
}

/** The requests whose success says that a database takes writes. */
export function writesOf(database: Database, records: readonly CallRecord[]): CallRecord[] {
  return records.filter(({ kind }) =>
    database === 'postgres' ? kind === 'message' : kind === 'counter' || kind === 'presence',
  );
}
