import { within, type Clock } from '@steadfast/shared';
import type { ClientBase, PoolConfig } from 'pg';
import { isUsable } from '../dial/client-internals.ts';
import type { HaClient } from '../dial/ha-client.ts';

/** A connection that has been idle answers an empty statement within this, or is replaced, ms. */
const SIGN_OF_LIFE_MS = 500;
/** So often pg-pool's `verify` may refuse a connection before its caller hears of it. */
const MAX_REFUSALS = 3;

/** Whether a connection that has been idle for a while still has a server behind it: a half-open socket does not say. */
export async function isAlive(client: HaClient, clock: Clock): Promise<boolean> {
  client.stale = false;
  if (!isUsable(client)) return false;
  try {
    const answer = (client as Pick<ClientBase, 'query'>).query('');
    await within(clock, SIGN_OF_LIFE_MS, answer, () => new Error(`no sign of life in ${SIGN_OF_LIFE_MS} ms`));
    return true;
  } catch (error) {
    client.suspect(String(error));
    return false;
  }
}

/**
 * pg-pool's `verify` looks at new connections, and fails the caller whose connection it refuses. Here that caller gets
 * another one, and hears of it only where the next ones are refused too.
 */
export class Verification {
  readonly #refused = new WeakSet<Error>();
  /** what is handed to pg-pool */
  readonly verify: PoolConfig['verify'];

  constructor(verify: PoolConfig['verify']) {
    this.verify =
      verify &&
      ((client, done) =>
        verify(client, (error) => {
          if (error) this.#refused.add(error);
          done(error);
        }));
  }

  /** Whether an attempt to get a connection that failed with `error` is worth another one. */
  mayReplace(error: Error | undefined, attempts: number): boolean {
    return error !== undefined && attempts < MAX_REFUSALS && this.#refused.has(error);
  }
}
