import type { DriverCommand } from './command.ts';

/** Commands whose callers were told that they timed out. ioredis 5 does not say so itself. */
const timedOut = new WeakSet<DriverCommand>();

export function markSettled(command: DriverCommand): void {
  timedOut.add(command);
}

/** The caller has an answer already: sending it again would do what nobody waits for. */
export function isSettled(command: DriverCommand): boolean {
  return command.isSettled === true || timedOut.has(command);
}
