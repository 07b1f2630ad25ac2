import type { Socket } from 'node:net';

/**
 * Has what is written to `socket` within one turn of the event loop leave it in one piece: many callers' commands in one
 * packet, in their order, none later than the turn ends. Nothing else about them changes, so each keeps its own answer and
 * outcome.
 */
export function writeTogether(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let corked = false;
  const uncork = (): void => {
    corked = false;
    socket.uncork();
  };
  const corkedWrite = (...args: unknown[]): boolean => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(uncork);
    }
    return write(...args);
  };
  return Object.assign(socket, { write: corkedWrite });
}
