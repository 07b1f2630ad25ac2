import type { Clock, Timer } from '@steadfast/shared';
import type { Dialer } from '../dial/dialer.ts';

export interface IdlePingOptions {
  clock: Clock;
  /** a PING goes out when nothing has been written for so long, ms; 0: never */
  idlePingMs: number;
  dialer: Dialer;
  /** commands may pass: no transaction is open that a PING would become a part of */
  mayPass: () => boolean;
  /** sends one; resolves when it has been answered */
  ping: () => Promise<unknown>;
}

/** Keeps a link that is idle from being cut off by a load balancer that drops what is silent for minutes. */
export class IdlePing {
  readonly #options: IdlePingOptions;
  #timer: Timer | undefined;
  #written = -1;
  #asked = false;

  constructor(options: IdlePingOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    this.#written = -1;
    this.#asked = false;
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    const { clock, idlePingMs } = this.#options;
    if (idlePingMs > 0) this.#timer = clock.timer(idlePingMs / 2, () => this.#look(), { background: true });
  }

  #look(): void {
    const { dialer, mayPass, ping } = this.#options;
    const written = dialer.link?.socket.bytesWritten;
    if (written === undefined) return; // the next link starts it again
    this.#schedule();
    const idle = written === this.#written;
    this.#written = written;
    if (!idle || this.#asked || !mayPass()) return;
    this.#asked = true;
    const answered = (): void => {
      this.#asked = false;
    };
    ping().then(answered, answered);
  }
}
