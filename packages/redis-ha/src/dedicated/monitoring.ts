import { describeError, type HaLogger } from '@steadfast/shared';
import type { Callback } from 'ioredis';
import type { EventEmitter } from 'node:events';
import type { HaRedisOptions } from '../options/settings.ts';
import { OWN_CONNECTION } from './own-connection.ts';

/** Of a connection that sends MONITOR whenever it stands, as ioredis's own `monitor` opens it. */
export const MONITORING: Partial<HaRedisOptions> = {
  ...OWN_CONNECTION,
  monitor: true,
  lazyConnect: false,
  himportFieldsets: undefined,
};

interface Monitor extends EventEmitter {
  disconnect(): void;
}

/**
 * Waits until a connection monitors. Where it is refused the connection is ended: nobody else has it to end.
 * @throws what kept it from monitoring; the callback hears of it as well
 */
export function whenMonitoring<M extends Monitor>(
  connection: M,
  log: () => HaLogger | undefined,
  callback?: Callback<M>,
): Promise<M> {
  const { promise, resolve, reject } = Promise.withResolvers<M>();
  let monitors = false;
  connection.once('monitoring', () => {
    monitors = true;
    resolve(connection);
  });
  // For good: MONITOR is sent again on every new connection, and ioredis emits its error from within a promise, where it would
  // end the process if nobody heard it.
  connection.on('error', (error: unknown) => {
    if (monitors) log()?.warn({ event: 'monitor-failed', error: describeError(error) }, 'monitoring failed');
    else connection.disconnect();
    reject(error);
  });
  if (callback) promise.then((monitor) => callback(null, monitor), callback);
  return promise;
}
