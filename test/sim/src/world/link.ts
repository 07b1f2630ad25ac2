import { APP, type Network } from './network.ts';
import type { Answer, Body, Server } from './server.ts';

/** A TCP connection of the app's to a server, perhaps through a proxy. */
export class Link {
  /** this side has not closed it, and has not heard that the other did */
  open = true;
  /** the server's session is in a transaction */
  inTransaction = false;
  /** hears once that the link is gone, by the other side's doing */
  lost: (why: string) => void = () => undefined;
  readonly server: Server;
  readonly #network: Network;
  readonly #there: readonly string[];
  readonly #back: readonly string[];
  #boot: number;
  #stood = false;
  #waiting: ((answer: Answer) => void) | undefined;

  constructor(network: Network, server: Server, via: string | undefined) {
    this.#network = network;
    this.server = server;
    this.#there = via === undefined ? [APP, server.name] : [APP, via, server.name];
    this.#back = this.#there.toReversed();
    this.#boot = server.boot;
  }

  /** Logs in; `stands` hears when the server has let us in. A first packet that is lost is sent again after `resendMs`. */
  connect(stands: () => void, resendMs: number): void {
    this.#toServer(() => {
      this.#boot = this.server.boot;
      if (this.server.starting) return this.reset('57P03 the database system is starting up');
      if (this.server.refuses) return this.reset(this.server.refuses);
      this.server.links.add(this);
      this.#toApp(() => {
        this.#stood = true;
        stands();
      });
    }, resendMs);
  }

  /** One question at a time. It may still arrive where the link is closed before its answer. */
  request(body: Body, answered: (answer: Answer) => void): void {
    this.#waiting = answered;
    this.#toServer(() => this.server.handle(this, body));
  }

  /** For the server. */
  answer(answer: Answer): void {
    this.#toApp(() => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.(answer);
    });
  }

  /** For the server: it ends the connection, and says so, where that gets through. */
  reset(why: string): void {
    this.server.links.delete(this);
    this.#toApp(() => {
      this.open = false;
      this.#waiting = undefined;
      this.lost(why);
    });
  }

  /** Closes it on this side. What is on the server's way runs on there. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.#waiting = undefined;
    this.lost = () => undefined;
    if (this.#stood) this.#network.send(this.#there, this, () => this.server.links.delete(this));
  }

  #toServer(arrive: () => void, resendMs?: number): void {
    this.#network.send(this.#there, this, () => this.server.receive(() => this.#arrived(arrive)), resendMs);
  }

  #arrived(arrive: () => void): void {
    const known = !this.#stood || this.#boot === this.server.boot;
    if (!known || !this.server.up) this.reset('ECONNRESET');
    else arrive();
  }

  #toApp(arrive: () => void): void {
    this.#network.send(this.#back, this, () => {
      if (this.open) arrive();
    });
  }
}
