import { createHash } from 'node:crypto';

/** Things that have no value to compare: a clock, a function, an agent. Each is the same as itself alone. */
const identities = new WeakMap<object, number>();
let count = 0;

/**
 * One short text for all that makes two clients watch the same cluster in the same way: equal settings give equal keys.
 * Plain data counts by value, whatever the order of its fields; an unset field counts as none. Functions and objects of a
 * class count by identity. It is a hash, so that passwords and keys among the settings are not to be read from it.
 */
export function clusterKey(settings: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(canonical(settings)).digest('base64url');
}

function canonical(value: unknown): string {
  if (typeof value === 'function') return `#${identity(value)}`;
  if (typeof value !== 'object' || value === null)
    return `${typeof value} ${JSON.stringify(value) ?? String(value)}`;
  if (value instanceof URL) return `url ${JSON.stringify(value.href)}`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  return isPlain(value) ? `{${fields(value).join(',')}}` : `#${identity(value)}`;
}

function fields(value: object): string[] {
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`)
    .toSorted();
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function identity(thing: object): number {
  const known = identities.get(thing);
  if (known !== undefined) return known;
  count += 1;
  identities.set(thing, count);
  return count;
}
