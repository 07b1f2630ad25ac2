import { primaryOf, type Timer } from '@steadfast/shared';
import type { Dialer } from '../dial/dialer.ts';
import { watch, type Silence } from '../dial/silence.ts';
import { isBlocking, type DriverInternals } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';

export interface SilenceWatchOptions {
  group: () => ReplicationGroup;
  dialer: Dialer;
  driver: DriverInternals;
  silenceMs: number;
  giveUpMs: number;
  /** the primary is in doubt, and is being asked */
  doubt: () => void;
  /** quit() has been sent: nobody waits for anything else */
  closing: () => boolean;
}

/** Looks per silenceMs. */
const LOOKS = 8;
const FRESH: Silence = { at: 'flowing', bytes: -1, since: -Infinity, busy: false };

/** Looks at the link a few times per silenceMs: one timer for all commands, and none of it on their way. */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  #state: Silence = FRESH;
  #timer: Timer | undefined;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    this.#state = FRESH;
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    const { clock } = this.#options.group().settings;
    this.#timer = clock.timer(this.#options.silenceMs / LOOKS, () => this.#tick(), { background: true });
  }

  #tick(): void {
    const { group, dialer, driver, silenceMs, giveUpMs, closing, doubt } = this.#options;
    const link = dialer.link;
    if (!link) return;
    this.#schedule();
    const { monitor, settings } = group();
    const head = driver.commandQueue.peekFront();
    const primary = primaryOf(monitor.topology);
    const sample = {
      now: settings.clock.now(),
      bytes: link.socket.bytesRead,
      busy: head !== undefined && !isBlocking(head.command),
      confirmedAt: primary?.observedAt ?? -Infinity,
      searching: primary === undefined,
    };
    const { next, act } = watch(this.#state, sample, {
      silenceMs,
      giveUpMs: closing() ? 2 * silenceMs : giveUpMs,
    });
    this.#state = next;
    if (act === 'suspect') {
      monitor.suspect(`no byte for ${silenceMs} ms with work in flight`);
      doubt();
    }
    if (act === 'cut') dialer.cut();
  }
}
