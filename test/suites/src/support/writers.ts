import { monotonicMs } from '@steadfast/lab';
import { outcomeOf, type Outcome } from '@steadfast/shared';

/** One write as its caller saw it. Times are monotonicMs. */
export interface Write {
  readonly id: string;
  readonly started: number;
  readonly ended: number;
  readonly outcome: 'ok' | Outcome | 'none';
  readonly error?: unknown;
}

export interface Writers {
  /** every write that has ended */
  readonly writes: readonly Write[];
  /** writes that have begun and not ended */
  pending(): number;
  /** resolves when an acknowledged write that ended after `since` is there */
  acknowledgedAfter(since: number, timeoutMs: number): Promise<Write>;
  /** ends the load and waits for what is in flight, at most `timeoutMs` */
  stop(timeoutMs: number): Promise<void>;
}

function nothing(writes: readonly Write[], inFlight: number, timeoutMs: number): string {
  const last = writes.at(-1);
  const ended = last ? `the last that ended was ${last.outcome} (${String(last.error)})` : 'none has ended';
  return `no write was acknowledged within ${timeoutMs} ms: ${inFlight} are in flight, ${ended}`;
}

/** An open loop: a write every `everyMs`, whether or not the ones before have ended. Bounded by `limit`. */
export function startWriters(write: (id: string) => Promise<unknown>, everyMs = 10, limit = 20_000): Writers {
  const writes: Write[] = [];
  const inFlight = new Set<Promise<void>>();
  let count = 0;
  const one = async (id: string): Promise<void> => {
    const started = monotonicMs();
    try {
      await write(id);
      writes.push({ id, started, ended: monotonicMs(), outcome: 'ok' });
    } catch (error) {
      writes.push({ id, started, ended: monotonicMs(), outcome: outcomeOf(error) ?? 'none', error });
    }
  };
  const timer = setInterval(() => {
    if (count >= limit) return clearInterval(timer);
    const work = one(`w${count++}`);
    inFlight.add(work);
    void work.finally(() => inFlight.delete(work));
  }, everyMs);
  return {
    writes,
    pending: () => inFlight.size,
    async acknowledgedAfter(since, timeoutMs) {
      const deadline = monotonicMs() + timeoutMs;
      for (;;) {
        const found = writes.find((candidate) => candidate.outcome === 'ok' && candidate.ended >= since);
        if (found) return found;
        if (monotonicMs() > deadline) throw new Error(nothing(writes, inFlight.size, timeoutMs));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async stop(timeoutMs) {
      clearInterval(timer);
      const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), timeoutMs).unref());
      if ((await Promise.race([Promise.allSettled([...inFlight]), late])) === 'late') {
        throw new Error(
          `${inFlight.size} writes are stuck: they have not ended ${timeoutMs} ms after the load did`,
        );
      }
    },
  };
}

export interface Verdict {
  /** acknowledged and not there */
  lost: string[];
  /** there more than once */
  doubled: string[];
  /** reported as not applied, and there all the same */
  unexpected: string[];
  outcomes: Record<string, number>;
}

/** Holds what callers were told against what is in the database. */
export function judge(writes: readonly Write[], found: readonly string[]): Verdict {
  const times = new Map<string, number>();
  for (const id of found) times.set(id, (times.get(id) ?? 0) + 1);
  const outcomes: Record<string, number> = {};
  for (const write of writes) outcomes[write.outcome] = (outcomes[write.outcome] ?? 0) + 1;
  const ids = (test: (write: Write) => boolean): string[] => writes.filter(test).map((write) => write.id);
  return {
    lost: ids((write) => write.outcome === 'ok' && !times.has(write.id)),
    doubled: [...times].filter(([, count]) => count > 1).map(([id]) => id),
    unexpected: ids(
      (write) => (write.outcome === 'rejected' || write.outcome === 'notSent') && times.has(write.id),
    ),
    outcomes,
  };
}
