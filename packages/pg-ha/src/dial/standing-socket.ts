import type { Socket } from 'node:net';
import { openTcp, type Clock, type Endpoint } from '@steadfast/shared';

/** An address that took no connection for so long was shut, ms. */
const SHUT_MS = 100;

/** How long a silent server is knocked at, and who hears that one which was shut has opened. */
export interface Knock {
  readonly until: AbortSignal;
  readonly opened: () => void;
}

/**
 * A socket to a server that is knocked at while it is silent.
 * @throws the socket's own error, or the reason of `until`
 */
export async function knockedSocket(
  endpoint: Endpoint,
  clock: Clock,
  { until, opened }: Knock,
): Promise<Socket> {
  const since = clock.now();
  const socket = await openTcp({ address: { ...endpoint }, clock, signal: until });
  if (clock.now() - since >= SHUT_MS) opened();
  return standingSocket(socket);
}

/** A socket that stands already, for pg's `stream` option: pg wishes to connect it itself. */
function standingSocket(socket: Socket): Socket {
  const connect = (): Socket => {
    process.nextTick(() => socket.emit(socket.destroyed ? 'close' : 'connect'));
    return socket;
  };
  return Object.assign(socket, { connect });
}
