import { Socket } from 'node:net';

/**
 * Counts what this process dials, and what of it is open: every outgoing connection of every driver goes through
 * Socket.connect, whoever makes the socket.
 */
export class Sockets {
  /** connections begun so far */
  dials = 0;
  /** begun and not closed */
  open = 0;

  /** To be called before any client is made. */
  watch(): void {
    const connect = Reflect.get(Socket.prototype, 'connect') as (...args: unknown[]) => Socket;
    const begun = (socket: Socket): void => {
      this.dials += 1;
      this.open += 1;
      socket.once('close', () => (this.open -= 1));
    };
    Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
      begun(this);
      return Reflect.apply(connect, this, args);
    };
  }
}
