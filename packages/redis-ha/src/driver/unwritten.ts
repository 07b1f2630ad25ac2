import { asError, withOutcome } from '@steadfast/shared';
import type { DriverInternals } from './internals.ts';

/**
 * A command could not be written. ioredis writes a pipeline in one piece, with the last of its commands, so nothing of this one
 * goes out; but those before it stand in the queue already, and would be given the answers to others.
 * @param stream the pipeline that it came in, if any
 * @returns the error, for its caller
 */
export function unwritten(driver: DriverInternals, stream: unknown, why: unknown): Error {
  const error = withOutcome(asError(why), 'notSent');
  const { commandQueue, condition } = driver;
  for (
    let last = commandQueue.peekBack();
    stream && last?.stream === stream;
    last = commandQueue.peekBack()
  ) {
    commandQueue.pop();
    // A SELECT among them has selected nothing.
    if (condition) condition.select = last.select;
    last.command.reject(error);
  }
  return error;
}
