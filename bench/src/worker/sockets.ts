import { Socket } from 'node:net';

type Connect = (this: Socket, ...args: unknown[]) => Socket;

/** Counts what goes over the TCP connections of this process, whoever makes them. */
export class Sockets {
  readonly #open = new Set<Socket>();
  #ended = { sent: 0, received: 0 };
  #most = 0;

  /** Every connection is dialled by this one method, TLS and not. */
  install(): void {
    const watch = (socket: Socket): void => this.#watch(socket);
    const { prototype } = Socket as unknown as { prototype: Record<'connect', Connect> };
    const { connect } = prototype;
    prototype.connect = function (...args) {
      watch(this);
      return connect.apply(this, args);
    };
  }

  /** so far */
  get bytes(): { readonly sent: number; readonly received: number } {
    let { sent, received } = this.#ended;
    for (const socket of this.#open) {
      sent += socket.bytesWritten;
      received += socket.bytesRead;
    }
    return { sent, received };
  }

  /** most that stood at once since this was last asked, those that stand now included */
  takeMost(): number {
    const most = this.#most;
    this.#most = this.#open.size;
    return most;
  }

  #watch(socket: Socket): void {
    socket.once('connect', () => {
      this.#open.add(socket);
      this.#most = Math.max(this.#most, this.#open.size);
    });
    socket.once('close', () => {
      if (!this.#open.delete(socket)) return;
      this.#ended = {
        sent: this.#ended.sent + socket.bytesWritten,
        received: this.#ended.received + socket.bytesRead,
      };
    });
  }
}
