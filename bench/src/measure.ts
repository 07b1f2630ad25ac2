/** One measured stretch of a closed loop. */
export interface Stretch {
  readonly perSecond: number;
  /** CPU of this process per operation, µs: far less noisy than time on a busy machine */
  readonly cpuMicros: number;
}

/** `callers` loops of awaited operations, `count` operations in all. */
export async function closedLoop(
  operation: () => Promise<unknown>,
  callers: number,
  count: number,
): Promise<Stretch> {
  let left = count;
  const caller = async (): Promise<void> => {
    while (left-- > 0) await operation();
  };
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  return { perSecond: count / seconds, cpuMicros: (used.user + used.system) / count };
}
