import type { DriverCommand } from './command.ts';

/**
 * What a command was part of when it was sent. It is judged by this when its answer does not come: the connection's own
 * state may have moved on by then, since EXEC ends a transaction when it is sent, not when it is answered.
 */
const inside = new WeakSet<DriverCommand>();
const watched = new WeakSet<DriverCommand>();

/** It was sent between a MULTI and its EXEC or DISCARD, or is that end. */
export function markInside(command: DriverCommand): void {
  inside.add(command);
}

export function isInside(command: DriverCommand): boolean {
  return command.inTransaction === true || inside.has(command);
}

/** An EXEC that was sent while keys were watched: where nobody watches it must not be sent again. */
export function markWatched(command: DriverCommand): void {
  watched.add(command);
}

export function isWatched(command: DriverCommand): boolean {
  return watched.has(command);
}
