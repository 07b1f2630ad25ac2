import { withOutcome } from '@steadfast/shared';
import { isQuit, type DriverCommand } from '../commands/command.ts';
import type { Traffic } from './traffic.ts';

/** Commands that come here again: ioredis sends some of them twice. */
const watched = new WeakSet<DriverCommand>();

/**
 * ioredis tells the caller of a `commandTimeout` and nobody else. What has timed out must not be sent later, and its error
 * says what became of it. Only where the option is set does a command pay for this.
 */
export function watchTimeout(command: DriverCommand, traffic: Traffic): void {
  if (watched.has(command)) return;
  watched.add(command);
  traffic.began(command);
  const reject = command.reject.bind(command);
  command.reject = (error) => {
    if (error.message !== 'Command timed out') return reject(error);
    const outcome = traffic.timedOut(command);
    // To end must always be possible.
    if (isQuit(command)) traffic.quitUnanswered(command);
    else reject(withOutcome(error, outcome));
  };
}
