import type { Clock, Timer } from '@steadfast/shared';

export interface LinkSilenceOptions {
  clock: Clock;
  silenceMs: number;
  /** received on the link so far */
  bytes: () => number;
  /** something is in flight */
  busy: () => boolean;
  /** nobody on it waits any longer */
  silent: () => void;
}

/** Looks per silenceMs. */
const LOOKS = 8;

/**
 * Notices a link on which nothing comes though something is in flight, before that has waited for `silenceMs`. Looks are
 * counted, not the time between them: a process that was held up has its answers in the kernel, and reads them before the
 * next look. Nothing runs while nothing is in flight, and none of it per command.
 */
export class LinkSilence {
  readonly #options: LinkSilenceOptions;
  #timer: Timer | undefined;
  #bytes = 0;
  /** looks since the last byte */
  #quiet = 0;

  constructor(options: LinkSilenceOptions) {
    this.#options = options;
  }

  /** Something has been sent. */
  sent(): void {
    if (this.#timer) return;
    this.#bytes = this.#options.bytes();
    this.#quiet = 0;
    this.#schedule();
  }

  #schedule(): void {
    const { clock, silenceMs } = this.#options;
    this.#timer = clock.timer(silenceMs / LOOKS, () => this.#look(), { background: true });
  }

  #look(): void {
    this.#timer = undefined;
    const { bytes, busy, silent } = this.#options;
    if (!busy()) return;
    const received = bytes();
    this.#quiet = received === this.#bytes ? this.#quiet + 1 : 0;
    this.#bytes = received;
    // One look early: what was sent right after a look has waited for one more than has been counted.
    if (this.#quiet < LOOKS - 1) this.#schedule();
    else silent();
  }
}
