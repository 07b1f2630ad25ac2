import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Latencies } from '../method/latencies.ts';

type Connect = (this: Socket, ...args: unknown[]) => Socket;
/** Node's own name for where a handshake begins; it calls it again once the socket under it is connected. */
type Start = (this: TLSSocket) => void;

/** Counts what goes over the TCP connections of this process, and times how they are made, whoever makes them. */
export class Sockets {
  /** from the first packet until the connection stands */
  tcp: Latencies = new Latencies();
  /** TLS handshakes, the verified certificate included; empty where Node has changed where they begin */
  tls: Latencies = new Latencies();
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
    const shakes = (socket: TLSSocket): void => this.#timeHandshake(socket);
    const secured = TLSSocket.prototype as unknown as Partial<Record<'_start', Start>>;
    const start = secured._start;
    if (!start) return;
    secured._start = function () {
      if (!this.connecting) shakes(this);
      start.call(this);
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

  /** What was dialled until now is not told. */
  forgetDials(): void {
    this.tcp = new Latencies();
    this.tls = new Latencies();
  }

  #timeHandshake(socket: TLSSocket): void {
    const began = performance.now();
    socket.once('secureConnect', () => this.tls.record(performance.now() - began));
  }

  #watch(socket: Socket): void {
    const began = performance.now();
    socket.once('connect', () => {
      this.tcp.record(performance.now() - began);
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
