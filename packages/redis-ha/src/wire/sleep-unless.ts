import { sleep, type Clock } from '@steadfast/shared';

/**
 * As `sleep`, ended by whichever of the signals aborts first. `AbortSignal.any` would leave something with the one that lives
 * longest at every turn: Node 22 does not let go of it.
 */
export async function sleepUnless(
  clock: Clock,
  ms: number,
  signals: readonly (AbortSignal | undefined)[],
  options: { background?: boolean } = {},
): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  for (const signal of signals) signal?.addEventListener('abort', end, { once: true });
  if (signals.some((signal) => signal?.aborted)) end();
  await sleep(clock, ms, { ...options, signal: over.signal });
  for (const signal of signals) signal?.removeEventListener('abort', end);
}
