import { wrongSetting } from '@steadfast/shared';

export interface LockOptions {
  /** how long the lock lasts without being extended, 100 ms to 1 h (default 10 s) */
  ttlMs?: number;
  /** how long to wait for one that somebody else holds, up to 1 h (default 0: not at all) */
  waitMs?: number;
  /** it is extended by itself for so long after it was acquired, then runs out; ttlMs to 24 h (default 15 min) */
  maxMs?: number;
  /** ends the waiting */
  signal?: AbortSignal;
}

export interface LockTimes {
  readonly ttlMs: number;
  readonly waitMs: number;
  readonly maxMs: number;
}

const HOUR = 3_600_000;

/** @throws HaError HA_CONFIG */
export function readLockOptions(name: string, options: LockOptions): LockTimes {
  if (typeof name !== 'string' || name === '' || /[{}]/.test(name))
    throw wrongSetting('lock: name', name, 'a text without braces');
  const ttlMs = read('ttlMs', options.ttlMs ?? 10_000, 100, HOUR);
  return {
    ttlMs,
    waitMs: read('waitMs', options.waitMs ?? 0, 0, HOUR),
    maxMs: read('maxMs', options.maxMs ?? Math.max(ttlMs, HOUR / 4), ttlMs, 24 * HOUR),
  };
}

function read(name: string, value: number, min: number, max: number): number {
  if (Number.isFinite(value) && value >= min && value <= max) return Math.floor(value);
  throw wrongSetting(`lock: ${name}`, value, `milliseconds from ${min} to ${max}`);
}
