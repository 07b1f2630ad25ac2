import type { DriverCommand } from './command.ts';

/** Blocking commands of which the server has said that it ended them while they were still blocked: nothing was taken. */
const calledBack = new WeakSet<DriverCommand>();

export function markCalledBack(command: DriverCommand): void {
  calledBack.add(command);
}

export function isCalledBack(command: DriverCommand): boolean {
  return calledBack.has(command);
}

/** It is sent again, and may take something from now on. */
export function unmarkCalledBack(command: DriverCommand): void {
  calledBack.delete(command);
}
