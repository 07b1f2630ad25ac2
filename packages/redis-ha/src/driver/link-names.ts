import type { DriverCommand } from '../commands/command.ts';
import type { QueueItem } from './internals.ts';

/** ioredis's own, to name a link while it sets it up; told from a caller's by how they are written. */
export function namesLink(
  { name, args, pipelineIndex }: DriverCommand,
  connectionName: string | null | undefined,
): boolean {
  if (name !== 'client' || pipelineIndex !== undefined) return false;
  return args[0] === 'SETINFO' || (args[0] === 'setname' && args[1] === connectionName);
}

/**
 * Leaves a name of a link that has ended without an answer, for ever. ioredis 5 takes the client for ready when its last one is
 * settled, even when there is no link by then; and once it passes for ready, nobody dials again.
 * https://github.com/redis/ioredis/issues/2099
 */
export function forsake(command: DriverCommand): unknown {
  const settle = (): void => undefined;
  // Its own timer must not, either.
  Object.assign(command, { resolve: settle, reject: settle });
  return command.promise;
}

/** @returns what of the queue of a link that has ended is to be settled */
export function withoutNames(
  items: readonly QueueItem[],
  connectionName: string | null | undefined,
): QueueItem[] {
  for (const { command } of items) if (namesLink(command, connectionName)) forsake(command);
  return items.filter(({ command }) => !namesLink(command, connectionName));
}
