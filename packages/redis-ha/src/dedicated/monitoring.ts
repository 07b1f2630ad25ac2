import { describeError, HaError, type Clock, type Endpoint, type HaLogger } from '@steadfast/shared';
import type { Callback } from 'ioredis';
import type { EventEmitter } from 'node:events';
import { closedError } from '../dial/dialer.ts';
import type { HaOptions } from '../options/option-table.ts';
import type { HaRedisOptions } from '../options/settings.ts';
import { OWN_CONNECTION } from './own-connection.ts';

/** Of a connection that sends MONITOR whenever it stands, as ioredis's own `monitor` opens it. */
export const MONITORING: Partial<HaRedisOptions> = {
  ...OWN_CONNECTION,
  monitor: true,
  lazyConnect: false,
  himportFieldsets: undefined,
};

/** What is needed of a connection. */
export interface Monitor extends EventEmitter {
  disconnect(): void;
  readonly primary: Endpoint | undefined;
}

/** What is needed of the settings. */
interface Limits {
  readonly clock: Clock;
  readonly ha: Pick<HaOptions, 'failoverWaitMs' | 'dialTimeoutMs'>;
}

/** Connections that are to monitor: each belongs to its caller from when it does, and to nobody but us before. */
export class Monitoring {
  readonly #clock: Clock;
  /** how long a connection may take until it monitors, ms */
  readonly #waitMs: number;
  readonly #log: () => HaLogger | undefined;
  readonly #waiting = new Set<(why: Error) => void>();

  constructor({ clock, ha }: Limits, log: () => HaLogger | undefined) {
    this.#clock = clock;
    this.#waitMs = Math.max(ha.failoverWaitMs, ha.dialTimeoutMs);
    this.#log = log;
  }

  /**
   * Waits until a connection monitors. Where it is refused, or too late, it is ended: nobody else has it to end.
   * @throws what kept it from monitoring; HaError HA_NO_PRIMARY, HA_DEADLINE, HA_CLOSED; the callback hears of it as well
   */
  begin<M extends Monitor>(connection: M, callback?: Callback<M>): Promise<M> {
    const { promise, resolve, reject } = Promise.withResolvers<M>();
    const fail = (why: unknown): void => {
      if (!settle()) return;
      connection.disconnect();
      reject(why);
    };
    const timer = this.#clock.timer(this.#waitMs, () => fail(late(connection, this.#waitMs)));
    const settle = (): boolean => {
      timer.cancel();
      return this.#waiting.delete(fail);
    };
    this.#waiting.add(fail);
    connection.once('monitoring', () => {
      if (settle()) resolve(connection);
    });
    // For good: MONITOR is sent again on every new connection, and ioredis emits its error from within a promise, where it would
    // end the process if nobody heard it.
    connection.on('error', (error: unknown) => {
      if (this.#waiting.has(fail)) fail(error);
      else this.#log()?.warn({ event: 'monitor-failed', error: describeError(error) }, 'monitoring failed');
    });
    if (callback) promise.then((monitor) => callback(null, monitor), callback);
    return promise;
  }

  /** The client has been closed. */
  end(): void {
    for (const fail of this.#waiting) fail(closedError());
  }
}

function late({ primary }: Monitor, waitMs: number): HaError {
  const why = primary ? 'there is a primary, but no connection to it could be used' : 'no primary was found';
  const message = `MONITOR was not answered within ${waitMs} ms: ${why}`;
  return new HaError(primary ? 'HA_DEADLINE' : 'HA_NO_PRIMARY', message, { outcome: 'notSent' });
}
