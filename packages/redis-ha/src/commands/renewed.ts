import type { DriverCommand } from './command.ts';

/** Subscribing and letting go. */
const ANSWERED_BY_CHANNEL = /^([ps]?un|[ps])?subscribe$/i;

/**
 * The command as it is sent again. ioredis counts the answers to (UN)SUBSCRIBE that are still to come by the command object, also
 * those that came before the link ended: it would take the second round for whole too early, and give what is left of it to the
 * commands behind. So a subscription goes out as an object of its own, which settles what the first one does.
 * https://github.com/redis/ioredis/blob/main/lib/DataHandler.ts
 */
export function renewed(command: DriverCommand): DriverCommand {
  return ANSWERED_BY_CHANNEL.test(command.name) ? (Object.create(command) as DriverCommand) : command;
}
