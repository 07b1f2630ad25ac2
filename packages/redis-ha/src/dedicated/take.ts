import type { OnceOp, OnceOptions } from '../once/once.ts';
import { Deadline, HaError, outcomeOf, uniqueToken, wrongSetting, type Clock } from '@steadfast/shared';

export interface TakeOptions {
  /** how long to wait for an element, up to 24 h (default 5 s); with 0 it takes what is there */
  waitMs?: number;
  signal?: AbortSignal;
}

/** An element that is being worked on. */
export interface Taken {
  readonly value: string;
  /**
   * The work is done: the element is removed from the consumer's own list, exactly once.
   * @returns false where it was not there any more: a failover had undone the taking, and it may be given to somebody else
   */
  done(): Promise<boolean>;
}

interface Mover {
  blmove(
    from: string,
    to: string,
    whereFrom: 'RIGHT',
    whereTo: 'LEFT',
    timeoutS: number,
  ): Promise<string | null>;
}

/** What is needed of the client. */
export interface TakeHost {
  readonly clock: Clock;
  first(list: string): Promise<string | null>;
  use<T>(work: (own: Mover) => Promise<T>, options: { signal?: AbortSignal }): Promise<T>;
  remove(list: string, value: string, token: string): Promise<unknown>;
}

interface Lent extends Mover {
  select(db: number): Promise<unknown>;
}

interface TakeClient {
  lindex(list: string, at: number): Promise<string | null>;
  use<T>(work: (own: Lent) => Promise<T>, options: { signal?: AbortSignal }): Promise<T>;
  once(ops: readonly OnceOp[], options: OnceOptions): Promise<unknown[]>;
}

/** @param way the database that the client has selected, and that of a connection which is lent */
export function takeHost(
  redis: TakeClient,
  clock: Clock,
  { db, ownDb }: { db: number; ownDb: number },
): TakeHost {
  return {
    clock,
    first: (list) => redis.lindex(list, 0),
    use: (work, options) =>
      redis.use(async (lent) => {
        if (db !== ownDb) await lent.select(db);
        return work(lent);
      }, options),
    remove: async (list, value, token) => (await redis.once([['lrem', list, 1, value]], { token }))[0],
  };
}

const DAY_MS = 86_400_000;
/** A failover makes a handful at most. */
const MAX_UNKNOWN = 100;

/**
 * Takes the oldest element of `list` by moving it to `own`, the list of this one consumer. What is in `own` already is given
 * first: it was taken before, and never done. So where the answer is lost a look at `own` tells what became of it, and neither
 * a failover nor the consumer's own end loses an element. Both lists are in the database that the client has selected, which is
 * to stay selected until the element is done.
 * @returns null where there was none within waitMs
 * @throws HaError HA_CONFIG, HA_ABORTED, and as any command does, but never `unknown` for a lost connection
 */
export async function take(
  host: TakeHost,
  list: string,
  own: string,
  { waitMs = 5_000, signal }: TakeOptions,
): Promise<Taken | null> {
  if (!Number.isFinite(waitMs) || waitMs < 0 || waitMs > DAY_MS)
    throw wrongSetting('take: waitMs', waitMs, `milliseconds from 0 to ${DAY_MS}`);
  const deadline = Deadline.after(host.clock, waitMs);
  for (let moves = 0, unknown = 0; ; moves++) {
    const left = await host.first(own);
    if (left !== null) return taken(host, own, left);
    if (signal?.aborted) throw aborted(signal);
    // What is there is taken also where there is no time to wait for it, or the look at `own` has taken all of it.
    if (moves > 0 && deadline.expired) return null;
    // 0 would be for ever.
    const timeoutS = Math.max(0.01, Math.ceil(deadline.remainingMs) / 1_000);
    const move = (connection: Mover): Promise<string | null> =>
      connection.blmove(list, own, 'RIGHT', 'LEFT', timeoutS);
    try {
      const value = await host.use(move, signal ? { signal } : {});
      if (value !== null) return taken(host, own, value);
    } catch (error) {
      if (outcomeOf(error) !== 'unknown' || signal?.aborted || ++unknown > MAX_UNKNOWN) throw error;
    }
  }
}

function taken(host: TakeHost, own: string, value: string): Taken {
  const token = `done:${uniqueToken()}`;
  return { value, done: async () => Number(await host.remove(own, value, token)) === 1 };
}

function aborted(signal: AbortSignal): HaError {
  return new HaError('HA_ABORTED', 'aborted while waiting for an element', {
    outcome: 'notSent',
    cause: signal.reason,
  });
}
