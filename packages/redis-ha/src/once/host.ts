import type { Redis } from 'ioredis';
import type { DriverCommand } from '../commands/command.ts';
import type { Dialer } from '../dial/dialer.ts';
import { internalsOf } from '../driver/internals.ts';
import type { Settings } from '../options/settings.ts';
import type { DurableHost } from './durable.ts';

/** What scripts need of a client. */
export function hostOf(redis: Redis, settings: Settings, dialer: Dialer): DurableHost {
  const send = (command: DriverCommand): unknown =>
    redis.sendCommand(command as unknown as Parameters<Redis['sendCommand']>[0]);
  return {
    clock: settings.clock,
    keyPrefix: redis.options.keyPrefix ?? '',
    failoverWaitMs: settings.ha.failoverWaitMs,
    send,
    // In one write, where there is a connection to write to.
    sendTogether: (commands) => {
      const socket = dialer.link?.socket;
      socket?.cork();
      const answers = commands.map(send);
      socket?.uncork();
      return answers;
    },
    defined: (name) => internalsOf(redis).scriptsSet[name]?.lua,
  };
}
