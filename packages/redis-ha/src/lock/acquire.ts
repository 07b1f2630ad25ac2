import { backoffMs, Deadline, HaError, sleep, uniqueToken, type Clock, type Random } from '@steadfast/shared';
import type { ReplicationGroup } from '../group/replication-group.ts';
import { sendScript, type ScriptHost } from '../once/send-script.ts';
import { readLockOptions, type LockOptions, type LockTimes } from './lock-options.ts';
import { HeldLock, type Acquired, type Lock } from './lock.ts';
import { ACQUIRE, RELEASE } from './scripts.ts';

export interface LockHost {
  readonly host: ScriptHost;
  readonly group: () => ReplicationGroup;
  /** hears when the client has ended; returns the way to stop */
  readonly onEnd: (listener: () => void) => () => void;
  readonly clock: Clock;
  readonly random: Random;
}

export interface LockContext extends LockHost {
  /** the lock, and the last fence given: one slot of a cluster */
  readonly keys: readonly string[];
}

/** Pauses between two looks at a lock that somebody else holds. */
const PAUSE = { minMs: 10, maxMs: 250 };

/** Tries to get a lock that each time came too late, or under a primary that is none any more. */
const MAX_LATE = 3;

/**
 * What a try gave.
 * - `got`: the lock
 * - `held`: somebody else has it, for so long at most
 */
type Try =
  { readonly is: 'got'; readonly acquired: Acquired } | { readonly is: 'held'; readonly expiresInMs: number };

/**
 * @throws HaError HA_LOCK_BUSY (`rejected`) where somebody else holds it until waitMs; HA_ABORTED by the signal; HA_CONFIG;
 * HA_CLOSED on a client that has ended; and as any command does
 */
export async function acquireLock(lockHost: LockHost, name: string, options: LockOptions): Promise<Lock> {
  const times = readLockOptions(name, options);
  const key = `${lockHost.host.keyPrefix}ha:lock:{${name}}`;
  const context: LockContext = { ...lockHost, keys: [key, `${key}:fence`] };
  const { clock, random } = lockHost;
  const deadline = Deadline.after(clock, times.waitMs);
  for (let attempt = 0, late = 0; ; attempt++) {
    if (options.signal?.aborted) throw aborted(name, options.signal);
    const result = await tryOnce(context, times, options.signal);
    if (result.is === 'got') {
      const lock = new HeldLock(context, name, times, result.acquired);
      if (!lock.signal.aborted) return lock;
      await lock[Symbol.asyncDispose]();
      if (++late < MAX_LATE) continue;
      throw tooLate(name, times.ttlMs);
    }
    if (deadline.expired) throw busy(name, times.waitMs);
    await sleep(clock, deadline.stepMs(pauseMs(result.expiresInMs, attempt, random)), options);
  }
}

/** Whoever holds it may let it go before it expires. */
function pauseMs(expiresInMs: number, attempt: number, random: Random): number {
  const ms = backoffMs(PAUSE, attempt, random);
  return expiresInMs > 0 ? Math.min(ms, expiresInMs) : ms;
}

/** Runs `work` under the lock. @throws as acquireLock does; what `work` throws; HA_LOCK_LOST where trust ended before `work` did */
export async function withLock<T>(
  lockHost: LockHost,
  name: string,
  options: LockOptions,
  work: (lock: Lock) => T | Promise<T>,
): Promise<T> {
  await using lock = await acquireLock(lockHost, name, options);
  const result = await work(lock);
  lock.signal.throwIfAborted();
  return result;
}

async function tryOnce(
  context: LockContext,
  { ttlMs }: LockTimes,
  signal: AbortSignal | undefined,
): Promise<Try> {
  const { host, group, clock, keys } = context;
  const token = uniqueToken();
  await group().monitor.whenPrimary(Deadline.after(clock, host.failoverWaitMs), signal);
  const { generation } = group().monitor.topology;
  const sentAt = clock.now();
  let answer: unknown;
  try {
    answer = await sendScript(host, ACQUIRE, keys, [token, ttlMs]);
  } catch (error) {
    // It may have been acquired all the same.
    void sendScript(host, RELEASE, keys.slice(0, 1), [token]).catch(() => undefined);
    throw error;
  }
  const [ours, value] = (answer as [unknown, unknown]).map(Number) as [number, number];
  if (ours !== 1) return { is: 'held', expiresInMs: value };
  return { is: 'got', acquired: { token, fencing: value, generation, sentAt } };
}

function busy(name: string, waitMs: number): HaError {
  const message = `somebody else holds the lock ${name}${waitMs > 0 ? `, and still did after ${waitMs} ms` : ''}`;
  return new HaError('HA_LOCK_BUSY', message, { outcome: 'rejected' });
}

function tooLate(name: string, ttlMs: number): HaError {
  const message = `the lock ${name} was acquired, but not in time to be trusted (ttlMs is ${ttlMs}); it has been let go`;
  return new HaError('HA_LOCK_LOST', message, { outcome: 'rejected' });
}

function aborted(name: string, signal: AbortSignal): HaError {
  const message = `aborted while waiting for the lock ${name}`;
  return new HaError('HA_ABORTED', message, { outcome: 'notSent', cause: signal.reason });
}
