import { AbstractConnector, type RedisOptions } from 'ioredis';
import type { Socket } from 'node:net';
import type { Dialer } from './dialer.ts';
import { writeTogether } from './write-together.ts';

/** ioredis makes an instance of `options.Connector` itself: this gives it one that is bound to our dialer. */
export function connectorFor(
  dialer: Dialer,
  { autoPipelining }: { autoPipelining: boolean },
): NonNullable<RedisOptions['Connector']> {
  return class HaConnector extends AbstractConnector {
    constructor() {
      super(0);
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      const socket = await dialer.connect();
      return autoPipelining ? writeTogether(socket) : socket;
    }

    override disconnect(): void {
      this.connecting = false;
      dialer.disconnect();
    }
  };
}
