import type { Clock, Timer } from '@steadfast/shared';
import { Beside, throwRefusal, type BesideOptions } from '../wire/beside.ts';
import { textOf, type Reply } from '../wire/reply.ts';
import type { WireConnection } from '../wire/wire-connection.ts';
import { HELLO_CHANNEL, parseHello, type Hello } from './hello.ts';

export interface HelloWatchOptions extends Omit<BesideOptions, 'work' | 'purpose'> {
  master: string;
  onHello: (hello: Hello) => void;
}

/** Every sentinel says hello every 2 s: a subscription that hears none for so long is dead, or nobody watches this master. */
const QUIET_MS = 15_000;

/**
 * Listens to what the sentinels tell each other through the master that is followed: a master that has been replaced mostly
 * hears of it itself. One connection beside the data; where the ACL forbids the channel, none.
 */
export function helloWatch({ master, onHello, ...options }: HelloWatchOptions): Beside {
  const work = (connection: WireConnection, signal: AbortSignal): Promise<void> =>
    listen(connection, options.clock, (message) => {
      const hello = parseHello(message, master);
      if (hello && !signal.aborted) onHello(hello);
    });
  return new Beside({
    ...options,
    purpose: 'hearing the sentinels through the master',
    byTheWay: true,
    work,
  });
}

/** Until the connection ends. */
function listen(
  connection: WireConnection,
  clock: Clock,
  onMessage: (message: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let quiet: Timer | undefined;
    const rearm = (): void => {
      quiet?.cancel();
      quiet = clock.timer(QUIET_MS, () => connection.destroy(), { background: true });
    };
    const hear = (reply: Reply): void => {
      rearm();
      try {
        throwRefusal([reply]);
      } catch (error) {
        return reject(error as Error);
      }
      if (Array.isArray(reply) && reply[0] === 'message') onMessage(textOf(reply[2]));
    };
    connection.onEnd(() => {
      quiet?.cancel();
      resolve();
    });
    rearm();
    connection.listen([['SUBSCRIBE', HELLO_CHANNEL]], hear);
  });
}
