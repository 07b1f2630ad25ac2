import { withOutcome, type HasOutcome } from '@steadfast/shared';
import type { DriverCommand } from './command.ts';

/** Refusals that say: not applied, not here or not now. The rest of an error's text is looked at for UNBLOCKED alone. */
const BY_ROLE = new Set(['READONLY', 'LOADING', 'MASTERDOWN', 'TRYAGAIN', 'CLUSTERDOWN']);

/** UNBLOCKED has two senders: a server whose role changes, and somebody's CLIENT UNBLOCK … ERROR, which is meant for the caller. */
const UNBLOCKED_BY_ROLE = 'UNBLOCKED force unblock from blocking operation, instance state changed';

/** Scripts are not rolled back: an error from inside one leaves what was done before it. */
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

export function prefixOf(error: Error): string {
  const end = error.message.indexOf(' ');
  return end === -1 ? error.message : error.message.slice(0, end);
}

/** The server refused because of its role or state: another server, or a moment, will do. */
export function isByRole(error: Error): boolean {
  return BY_ROLE.has(prefixOf(error)) || error.message.startsWith(UNBLOCKED_BY_ROLE);
}

/** It says itself that it is no primary. */
export function saysReplica(error: Error): boolean {
  const prefix = prefixOf(error);
  return prefix === 'READONLY' || prefix === 'MASTERDOWN';
}

/** Writes the outcome on an error reply: refused, so nothing was applied, unless a script was cut short. */
export function classifyReply<E extends Error>(error: E, command: DriverCommand): E & HasOutcome {
  const prefix = prefixOf(error);
  const cutShort =
    SCRIPTS.has(command.name.toLowerCase()) &&
    !BEFORE_SCRIPT.has(prefix) &&
    /\bscript\b|\bfunction\b/.test(error.message);
  return withOutcome(error, cutShort ? 'unknown' : 'rejected');
}
