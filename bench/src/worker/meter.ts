import type { StretchResult } from './messages.ts';
import type { Sockets } from './sockets.ts';

/** What the measured time took of the machine. */
export class Meter {
  readonly #sockets: Sockets;
  #cpu = process.cpuUsage();
  #bytes = { sent: 0, received: 0 };
  #connections = 0;

  constructor(sockets: Sockets) {
    this.#sockets = sockets;
  }

  begin(): void {
    this.#sockets.takeMost();
    this.#bytes = this.#sockets.bytes;
    this.#cpu = process.cpuUsage();
  }

  end(): void {
    this.#cpu = process.cpuUsage(this.#cpu);
    const { sent, received } = this.#sockets.bytes;
    this.#bytes = { sent: sent - this.#bytes.sent, received: received - this.#bytes.received };
    this.#connections = this.#sockets.takeMost();
  }

  per(operations: number): Pick<StretchResult, 'cpuMicros' | 'connections' | 'bytes'> {
    const each = (total: number): number => (operations === 0 ? 0 : total / operations);
    return {
      cpuMicros: each(this.#cpu.user + this.#cpu.system),
      connections: this.#connections,
      bytes: { sent: each(this.#bytes.sent), received: each(this.#bytes.received) },
    };
  }
}
