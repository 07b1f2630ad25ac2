import { AbstractConnector, type RedisOptions } from 'ioredis';
import type { Socket } from 'node:net';
import type { Dialer } from './dialer.ts';

/** ioredis makes an instance of `options.Connector` itself: this gives it one that is bound to our dialer. */
export function connectorFor(dialer: Dialer): NonNullable<RedisOptions['Connector']> {
  return class HaConnector extends AbstractConnector {
    constructor() {
      super(0);
    }

    connect(): Promise<Socket> {
      this.connecting = true;
      return dialer.connect();
    }

    override disconnect(): void {
      this.connecting = false;
      dialer.disconnect();
    }
  };
}
