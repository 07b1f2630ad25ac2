import type { Socket } from 'node:net';

/** What carries a TLS connection. */
const carriers = new WeakMap<Socket, Socket>();

/** Notes which socket is under a TLS one, for {@link cutTcp}. */
export function carriedBy(secured: Socket, plain: Socket): void {
  carriers.set(secured, plain);
}

/**
 * Ends a connection with work on it, and what the kernel still holds of that. `destroy()` alone has the kernel go on for minutes
 * to deliver it: where the way heals, a write would arrive after it was made anew on another connection, and after others.
 * Over TLS this needs Node 22 or newer. What is no TCP socket is destroyed.
 * @param plain the socket under `socket`, where that speaks TLS
 */
export function cutTcp(socket: Socket, plain: Socket = carriers.get(socket) ?? socket): void {
  // One that is not connected holds nothing yet.
  if (!plain.destroyed && !plain.connecting && !plain.pending) {
    try {
      plain.resetAndDestroy();
    } catch {
      // A path, or an app's own stream.
    }
  }
  socket.destroy();
}
