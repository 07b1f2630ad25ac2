/**
 * Milliseconds on CLOCK_MONOTONIC. The origin is the machine's boot, not the process's start,
 * so that instants taken in different processes of one machine can be subtracted.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
