import { withOutcome, type HasOutcome } from '@steadfast/shared';
import type { DriverCommand } from './command.ts';

/** Refusals that say: not applied, not here or not now. The rest of an error's text is looked at for UNBLOCKED alone. */
const BY_ROLE = new Set(['READONLY', 'LOADING', 'MASTERDOWN', 'TRYAGAIN', 'CLUSTERDOWN']);

/** UNBLOCKED has two senders: a server whose role changes, and somebody's CLIENT UNBLOCK … ERROR, which is meant for the caller. */
const UNBLOCKED_BY_ROLE = 'UNBLOCKED force unblock from blocking operation, instance state changed';

/**
 * Scripts are not rolled back: an error from inside one leaves what was done before it, and a script may answer any text
 * (`redis.error_reply`, or what `redis.pcall` gave it).
 */
const SCRIPTS = new Set(['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro']);
/** … but these are given before a script begins. */
const BEFORE_SCRIPT = new Set([
  ...BY_ROLE,
  'NOSCRIPT',
  'NOAUTH',
  'NOPERM',
  'BUSY',
  'NOREPLICAS',
  'MISCONF',
  'OOM',
  'CROSSSLOT',
  'MOVED',
  'ASK',
]);
const BEFORE_SCRIPT_TEXT =
  /^ERR (?:Error compiling|Function not found|Number of keys can't|wrong number of arguments for '(?:eval|fcall)|unknown command)/;

export function prefixOf(error: Error): string {
  const end = error.message.indexOf(' ');
  return end === -1 ? error.message : error.message.slice(0, end);
}

/** The server refused because of its role or state: another server, or a moment, will do. */
export function isByRole(error: Error): boolean {
  return BY_ROLE.has(prefixOf(error)) || error.message.startsWith(UNBLOCKED_BY_ROLE);
}

/** In a failover a replica is with its new master after seconds; later than this, it is missing. */
const ATTACH_MS = 10_000;

/**
 * Refused for `min-replicas-to-write`, by a master that may have been made one just now: a moment will do.
 * @param linkedMs how long ago the link to it was made
 */
export function awaitsReplicas(error: Error, linkedMs: number): boolean {
  return linkedMs < ATTACH_MS && prefixOf(error) === 'NOREPLICAS';
}

/** It says itself that it is no primary. */
export function saysReplica(error: Error): boolean {
  const prefix = prefixOf(error);
  return prefix === 'READONLY' || prefix === 'MASTERDOWN';
}

/** Writes the outcome on an error reply: refused, so nothing was applied, unless something may have been done before it. */
export function classifyReply<E extends Error>(error: E, command: DriverCommand): E & HasOutcome {
  return withOutcome(error, mayHaveBegun(error, command.name.toLowerCase()) ? 'unknown' : 'rejected');
}

function mayHaveBegun(error: Error, name: string): boolean {
  const prefix = prefixOf(error);
  // What it moves may be there already, with the answer of the other server lost.
  if (name === 'migrate') return prefix === 'IOERR';
  if (!SCRIPTS.has(name) || BEFORE_SCRIPT_TEXT.test(error.message)) return false;
  return !BEFORE_SCRIPT.has(prefix) || (prefix === 'NOPERM' && /\bscript\b/.test(error.message));
}
