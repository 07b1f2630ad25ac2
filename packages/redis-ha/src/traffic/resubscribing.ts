import { describeError, type HaLogger } from '@steadfast/shared';
import type { DriverCommand } from '../commands/command.ts';

/**
 * Makes ioredis's own command to subscribe again what it is meant to be. It reads the channels off the server's answers, and
 * those of SSUBSCRIBE are keys: they have their prefix, and have just been given another one. Nobody waits for it: where it
 * fails, the log says so.
 */
export function adoptResubscription(command: DriverCommand, keyPrefix: string, log: HaLogger): void {
  if (command.name === 'ssubscribe')
    Object.assign(command, { args: command.args.map((channel) => String(channel).slice(keyPrefix.length)) });
  command.promise.catch((error: unknown) =>
    log.warn(
      { event: 'subscribe-failed', error: describeError(error), command: command.name },
      'subscribing again failed',
    ),
  );
}
