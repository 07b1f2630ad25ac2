import type { Random } from '@steadfast/shared';
import type { Share } from '../time/event-clock.ts';

/** The host on which the client under test runs. */
export const APP = 'app';

/** The first repetition of a packet that was lost by the kernel, and the longest pause between two, ms. */
const RESEND_MS = 200;
const RESEND_MAX_MS = 3_200;

export interface NetworkOptions {
  clock: Share;
  random: Random;
  /** one way, ms: at least, and so much more at most */
  latencyMs: number;
  jitterMs: number;
}

/** Whether whoever sends still wants it to arrive. */
export interface Sender {
  readonly open: boolean;
}

/** Delivers messages between hosts: late, later where a packet is lost, and not at all where the way is cut. */
export class Network {
  /** share of packets that are lost, 0 to 1 */
  loss = 0;
  /** the client's process hears nothing before then */
  readonly app: Share;
  readonly #options: NetworkOptions;
  readonly #cuts = new Map<string, number>();
  readonly #dark = new Set<string>();

  constructor(options: NetworkOptions, app: Share) {
    this.#options = options;
    this.app = app;
  }

  /** Cuts both ways between two hosts; cuts add up. */
  cut(a: string, b: string): void {
    for (const key of [`${a}>${b}`, `${b}>${a}`]) this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1);
  }

  heal(a: string, b: string): void {
    for (const key of [`${a}>${b}`, `${b}>${a}`]) {
      const left = (this.#cuts.get(key) ?? 0) - 1;
      if (left > 0) this.#cuts.set(key, left);
      else this.#cuts.delete(key);
    }
  }

  /** A host without power answers nobody, not even with a refusal. */
  darken(host: string, dark: boolean): void {
    if (dark) this.#dark.add(host);
    else this.#dark.delete(host);
  }

  /** Whether a message gets from each host of the path to the next. */
  reaches(...path: readonly string[]): boolean {
    if (this.#dark.size === 0 && this.#cuts.size === 0) return true;
    return path.every((host, n) => {
      const before = path[n - 1];
      return !this.#dark.has(host) && (before === undefined || !this.#cuts.has(`${before}>${host}`));
    });
  }

  /**
   * Brings `arrive` about at the end of `path`. What is lost on the way is sent again with growing pauses while the sender's link is open,
   * as TCP does; what was sent before the link was closed may still arrive.
   */
  send(path: readonly string[], sender: Sender, arrive: () => void, resendMs: number = RESEND_MS): void {
    const { clock } = this.#options;
    clock.timer(this.#delayMs(), () => {
      if (!this.reaches(...path) || this.#lost()) {
        clock.timer(resendMs, () => {
          if (sender.open) this.send(path, sender, arrive, Math.min(2 * resendMs, RESEND_MAX_MS));
        });
        return;
      }
      const stalledMs = path.at(-1) === APP ? this.app.stalledUntil - clock.now() : 0;
      if (stalledMs > 0) clock.timer(stalledMs, arrive);
      else arrive();
    });
  }

  #delayMs(): number {
    const { random, latencyMs, jitterMs } = this.#options;
    return latencyMs + jitterMs * random.next();
  }

  #lost(): boolean {
    return this.loss > 0 && this.#options.random.next() < this.loss;
  }
}
