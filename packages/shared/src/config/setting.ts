/**
 * One kind of value: how it is read and what is allowed. `read` gets what was given (a string from the environment, or the
 * option's own type) and returns the value, or undefined where it is not allowed.
 */
export interface Setting<T> {
  read(raw: unknown): T | undefined;
  /** what is allowed, for the error and the documentation: 'a whole number from 1 to 100' */
  readonly allowed: string;
  /** values to look for a likely misspelling among */
  readonly words?: readonly string[];
}

/** A whole number within a range. */
export function integer(min: number, max: number): Setting<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    read(raw) {
      const value = typeof raw === 'string' && /^\s*\d+\s*$/.test(raw) ? Number(raw) : raw;
      return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
        ? value
        : undefined;
    },
  };
}

/** A time in milliseconds; from the environment also with a unit: `14s`, `500ms`, `2min`. */
export function milliseconds(min: number, max: number): Setting<number> {
  const units: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };
  return {
    allowed: `milliseconds from ${min} to ${max} (units ms, s, min and h are understood: 14s)`,
    read(raw) {
      const match = typeof raw === 'string' ? /^\s*(\d+)\s*(ms|s|min|h)?\s*$/.exec(raw) : undefined;
      const value = match ? Number(match[1]) * (units[match[2] ?? 'ms'] ?? 1) : raw;
      return typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max
        ? value
        : undefined;
    },
  };
}

/** One of a few words. */
export function choice<T extends string>(words: readonly T[]): Setting<T> {
  return {
    allowed: words.join(', '),
    words,
    read: (raw) => words.find((word) => word === raw),
  };
}

/** Any text that is not empty. */
export function text(what: string): Setting<string> {
  return { allowed: what, read: (raw) => (typeof raw === 'string' && raw !== '' ? raw : undefined) };
}

/** Yes or no. */
export function flag(): Setting<boolean> {
  const words = new Map<unknown, boolean>([
    [true, true],
    ['true', true],
    ['1', true],
    ['yes', true],
    ['on', true],
    [false, false],
    ['false', false],
    ['0', false],
    ['no', false],
    ['off', false],
  ]);
  return {
    allowed: 'true or false',
    read: (raw) => words.get(typeof raw === 'string' ? raw.toLowerCase() : raw),
  };
}
