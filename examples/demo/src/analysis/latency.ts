import { build } from 'hdr-histogram-js';
import { CALL_KINDS, latencyMs, type CallKind, type CallRecord } from '../load/call.ts';

export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** An hour, µs. */
const HIGHEST_US = 3_600_000_000;

/** Milliseconds from when requests were due until they ended, failed ones included. */
export function latencyOf(records: readonly CallRecord[]): Latency {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
  });
  for (const record of records)
    histogram.recordValue(Math.min(HIGHEST_US, Math.max(1, Math.round(latencyMs(record) * 1000))));
  const percentile = (percent: number): number =>
    records.length === 0 ? 0 : histogram.getValueAtPercentile(percent) / 1000;
  return {
    count: records.length,
    p50: percentile(50),
    p99: percentile(99),
    max: records.length === 0 ? 0 : histogram.maxValue / 1000,
  };
}

export function latencyByKind(records: readonly CallRecord[]): Record<CallKind, Latency> {
  const entries = CALL_KINDS.map(
    (kind) => [kind, latencyOf(records.filter((record) => record.kind === kind))] as const,
  );
  return Object.fromEntries(entries) as Record<CallKind, Latency>;
}
