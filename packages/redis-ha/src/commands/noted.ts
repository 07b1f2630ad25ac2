import { BLOCKING_NAMES } from './blocking.ts';
import { QUIT_NAMES } from './command.ts';
import { TRANSACTION_NAMES } from './transaction-guard.ts';

/** The commands that never pass unseen, by name; those that block too where they go `apart`, through connections of their own. */
export function notedNames(apart: boolean): ReadonlySet<string> {
  return new Set([...TRANSACTION_NAMES, ...QUIT_NAMES, ...(apart ? BLOCKING_NAMES : [])]);
}
