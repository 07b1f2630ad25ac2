import { correctOutcome, outcomeOf } from '@steadfast/shared';
import { Command, type RedisValue } from 'ioredis';
import type { DriverCommand } from '../commands/command.ts';
import { declareSafe } from '../commands/idempotence.ts';
import type { Script } from './script.ts';

/** What is needed of the client. */
export interface ScriptHost {
  readonly keyPrefix: string;
  readonly failoverWaitMs: number;
  send(command: DriverCommand): unknown;
}

/**
 * Sends a script that may run any number of times, since a repeat changes nothing: by its hash, and to a server that does not
 * know it yet (a new primary need not) the script itself. Replies come as Buffers.
 */
export async function sendScript(
  host: Pick<ScriptHost, 'send'>,
  script: Script,
  keys: readonly (string | Buffer)[],
  args: readonly RedisValue[],
): Promise<unknown> {
  const rest = [keys.length, ...keys, ...args];
  try {
    return await send(host, 'evalsha', [script.sha, ...rest]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    const sent = send(host, 'eval', [script.lua, ...rest]);
    // An earlier attempt by its hash may have been applied where the script was known: a refusal here says nothing of it.
    return outcomeOf(error) === 'unknown' ? await sent.catch(throwUnknown) : await sent;
  }
}

function throwUnknown(error: unknown): never {
  throw error instanceof Error ? correctOutcome(error, 'unknown') : error;
}

async function send(host: Pick<ScriptHost, 'send'>, name: string, args: RedisValue[]): Promise<unknown> {
  const command = new Command(name, args) as unknown as DriverCommand;
  declareSafe(command);
  return await host.send(command);
}
