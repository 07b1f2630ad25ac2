import { setTimeout as sleep } from 'node:timers/promises';
import { LabError, reasonOf } from '../errors.ts';
import { monotonicMs } from '../monotonic.ts';

/**
 * Tries until `attempt` stops throwing; its last reason is in the error when time is up. A check throws what is
 * still missing, so that a wait that fails says what it waited for.
 */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  attempt: () => Promise<T> | T,
  everyMs = 100,
): Promise<T> {
  const until = monotonicMs() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof GiveUp) throw error;
      if (monotonicMs() + everyMs > until) {
        throw new LabError(`${what}: not within ${timeoutMs} ms: ${reasonOf(error)}`, { cause: error });
      }
    }
    await sleep(everyMs);
  }
}

/** Thrown by an attempt when waiting longer cannot help. */
export class GiveUp extends LabError {
  override readonly name = 'GiveUp';
}
