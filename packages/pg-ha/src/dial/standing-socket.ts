import type { Socket } from 'node:net';

/** A socket that stands already, for pg's `stream` option: pg wishes to connect it itself. */
export function standingSocket(socket: Socket): Socket {
  const connect = (): Socket => {
    process.nextTick(() => socket.emit(socket.destroyed ? 'close' : 'connect'));
    return socket;
  };
  return Object.assign(socket, { connect });
}
