import { inspect } from 'node:util';
import { isHaError } from '@steadfast/shared';

/** No text has this by chance: it is planted where secrets stand. */
export const SECRET = 'Zq7xK9wv';

/** A message for people: longer ones hide what they say. */
const MAX_MESSAGE = 1_500;

export function ensure(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Everything that a person or a program might get to see of something. */
export function shown(what: unknown): string {
  const causes: string[] = [];
  for (let at = what, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++)
    causes.push(at.message, at.stack ?? '');
  return [inspect(what, { depth: 8, maxStringLength: null }), json(what), ...causes].join('\n');
}

function json(what: unknown): string {
  try {
    return JSON.stringify(what) ?? '';
  } catch (error) {
    return String(error);
  }
}

/**
 * Reads settings: either they are taken, or there is one clear error that shows no secret.
 * @returns what was read
 */
export function takenOrRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assertRefusal(error);
    return undefined;
  }
}

export function assertRefusal(error: unknown): void {
  if (!isHaError(error, 'HA_CONFIG'))
    throw new Error(`not HA_CONFIG but ${inspect(error)}`, { cause: error });
  ensure(error.outcome === 'notSent', `its outcome is ${error.outcome}`);
  ensure(/(allowed|cannot be used)/.test(error.message), `it does not say what is allowed: ${error.message}`);
  ensure(error.message.length <= MAX_MESSAGE, `its message has ${error.message.length} characters`);
  ensure(!shown(error).includes(SECRET), `it shows the secret: ${error.message}`);
}

/** An address that a socket takes: anything else would throw where nobody expects it. */
export function assertEndpoint({ host, port }: { host: string; port: number }): void {
  ensure(Number.isInteger(port) && port >= 1 && port <= 65_535, `port ${port}`);
  ensure(/^[^\s/@?#[\]]+$/.test(host), `host ${JSON.stringify(host)}`);
}
