/**
 * A property of whatever was thrown; undefined where it cannot be had. Anything can be thrown, a Proxy that throws in turn too,
 * and who judges an error must not fail on it.
 */
export function peek(value: unknown, name: PropertyKey): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return (value as Record<PropertyKey, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Whether it is an Error; a Proxy that cannot be asked is none. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}
